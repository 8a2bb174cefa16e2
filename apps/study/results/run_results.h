// What the runs of a study came to, read from their directories.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "apps/study/plan/job.h"
#include "apps/study/statistics/measurements.h"

namespace denovo::study {

/// An evaluation.
struct RunPoint {
  int64_t iteration = 0, images_seen = 0;
  Scores bbox, segm, train_bbox, train_segm;  // NaN where not measured
  double keypoint_ap = std::numeric_limits<double>::quiet_NaN();
};

struct RunResult {
  StudyRun run;
  JobState state = JobState::kPending;
  std::string reason;           // why it stopped or failed
  std::vector<RunPoint> curve;  // ascending iterations
  int64_t iteration = 0;        // reached
  int64_t images_seen = 0, instances_seen = 0, pixels_seen = 0;
  double seconds = 0;        // of its steps, those that it took over from its parent included
  std::string version = {};  // of the program that trained it; empty where nobody has said

  /// The evaluation at the end of the schedule; nullptr when there is none.
  const RunPoint* final() const;
  /// The evaluation with the highest box AP; nullptr when there is none.
  const RunPoint* best() const;
};

/// A pre-training that the study has run itself.
struct PretrainingResult {
  std::string arm;
  JobState state = JobState::kPending;
  int64_t images_seen = 0, pixels_seen = 0;
  double seconds = 0, top1 = 0;  // top1 in percent, NaN where not measured
  std::string version = {};      // as of a run
};

/// Of one run; nothing but its state where it has not begun. Throws IoError for a directory whose
/// metrics cannot be read.
RunResult read_run(const StudyRun& run, const Job& job);
PretrainingResult read_pretraining(const Job& job);

/// What the statistics need of a run; `boxes` or masks are scored.
Measurement measurement_of(const RunResult& result, bool boxes = true);
std::vector<Measurement> measurements_of(const std::vector<RunResult>& results, bool boxes);

}  // namespace denovo::study
