// The runs of a study: every arm at every size, schedule and seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apps/study/plan/study_config.h"
#include "detection/training/train_config.h"

namespace denovo::study {

/// One run. Runs of one seed, size and schedule are a pair across arms: the same images in the same
/// order, unless the arm has a seed offset.
struct StudyRun {
  std::string id;  // "scratch-240-1200-s1": its folder under runs/
  std::string arm;
  int64_t images = 0, schedule = 0;
  int64_t seed = 0;            // of the pair; the run's own has the arm's offset
  std::string branch_of = {};  // id of the run of the longest schedule that it leaves; empty: none
  int64_t branch_at = 0;       // the iteration there: the first drop of this schedule
  std::vector<std::string> overrides = {};  // of the detector's configuration
  detection::TrainConfig config = {};       // resolved; model.init as the arm says

  /// Iterations that this run trains itself.
  int64_t own_iterations() const { return schedule - branch_at; }
};

/// InternalError where none has this id.
const StudyRun& find_run(const std::vector<StudyRun>& runs, const std::string& id);

struct Grid {
  std::vector<Arm> arms;       // the first is the reference
  std::vector<int64_t> sizes;  // images, ascending
  detection::TrainConfig detector;
  int64_t sample = 0;  // training images whose AP is measured, where a run has as many
  /// By seed, then size, then arm; a branch stands behind the run that it leaves. A study that ends
  /// early has whole seeds.
  std::vector<StudyRun> runs;

  const StudyRun& run(const std::string& id) const { return find_run(runs, id); }
  /// The longest schedule of a size.
  int64_t longest(int64_t images) const;
};

/// The grid of a configuration on a training set with so many usable images; 0: nobody knows, and
/// sizes stay as they are written. `study` is its directory: arms that are pre-trained there start
/// from STUDY/pretraining/ARM/...
///
/// Throws ConfigError for a size beyond num_images, for what TrainConfig refuses of a run, for a
/// schedule that drops within its warm-up, for a longest schedule that study.max_epochs leaves no
/// size, and for arms that differ in more than model.init unless
/// study.allow_differences.
/// `tuned` has overrides for sizes that were tuned (tuning.h).
Grid make_grid(const StudyConfig& config, const detection::TrainConfig& detector,
               int64_t num_images, int64_t num_validation_images, const std::string& study,
               const std::map<int64_t, std::vector<std::string>>& tuned = {});

/// Fills in overrides and config of a run, from its other members, the grid's arms, detector and
/// sample, and `more` overrides, which those of the arm follow.
void configure(StudyRun& run, const StudyConfig& config, const Grid& grid, const std::string& study,
               const std::vector<std::string>& more);

/// Where the backbone of an arm is, or will be; empty for random weights.
std::string backbone_of(const Arm& arm, const std::string& study);

}  // namespace denovo::study
