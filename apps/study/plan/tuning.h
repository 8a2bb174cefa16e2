// Hyper-parameters by size, found before the study begins: the paper tunes them for the pre-trained
// arm on its smaller sets and gives the same ones to random weights, which is hard on the latter
// and therefore fair to the question.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/study/plan/job.h"

namespace denovo::study {

/// Overrides of the detector's configuration, by images of the training set.
using Tuned = std::map<int64_t, std::vector<std::string>>;

/// Every choice of one value for each key of study.tune ("solver.base_lr=0.01|0.02|0.04"), the last
/// key changing fastest. Throws ConfigError for a text of another form.
std::vector<std::vector<std::string>> combinations(const std::vector<std::string>& tune);

/// A run for each size and combination: the first arm after the reference, the shortest schedule,
/// the first seed. Named "tuning-IMAGES-NUMBER". None where study.tune is empty.
std::vector<StudyRun> tuning_runs(const StudyConfig& config, const Grid& grid,
                                  const std::string& study);

/// For each size the combination whose run ended with the highest box AP, the first of equal ones;
/// runs that failed do not count. nullopt while a run is neither finished nor failed. Throws
/// DivergedError when all of a size have failed.
std::optional<Tuned> choose(const StudyConfig& config, const std::vector<StudyRun>& runs,
                            const std::vector<Job>& jobs);

/// As STUDY/tuned.toml keeps it; no file is no choice.
void write_tuned(const std::string& path, const Tuned& tuned);
Tuned read_tuned(const std::string& path);

}  // namespace denovo::study
