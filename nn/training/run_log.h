// The numbers that a run writes while it trains: metrics.jsonl and TensorBoard.
#pragma once

#include <optional>
#include <string>

#include "core/log/metrics.h"

namespace denovo::nn {

/// Metrics by iteration. One object per process and run directory.
class RunLog {
 public:
  /// Cuts metrics.jsonl back to first_iteration.
  RunLog(const std::string& directory, bool tensorboard, int64_t first_iteration);
  void write(int64_t iteration, const std::vector<Metric>& metrics);

 private:
  MetricsFile metrics_;
  std::optional<TensorBoardFile> tensorboard_;
};

}  // namespace denovo::nn
