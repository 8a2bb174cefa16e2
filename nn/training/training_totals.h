// What a run has counted and taken, from the lines of its metrics.jsonl.
#pragma once

#include <cstdint>

#include "core/log/read_metrics.h"

namespace denovo::nn {

/// Of steps; the others are of evaluations.
bool is_training_line(const MetricsLine& line);

struct TrainingTotals {
  int64_t iteration = 0;  // reached
  int64_t images_seen = 0, instances_seen = 0, pixels_seen = 0;
  double seconds = 0;  // of the steps

  /// Training lines, in order.
  void add(const MetricsLine& line);
};

}  // namespace denovo::nn
