#include "nn/training/run_log.h"

namespace denovo::nn {
namespace {

std::string cut(const std::string& directory, int64_t iteration) {
  const std::string path = directory + "/metrics.jsonl";
  cut_metrics_after(path, iteration);
  return path;
}

}  // namespace

RunLog::RunLog(const std::string& directory, bool tensorboard, int64_t first_iteration)
    : metrics_(cut(directory, first_iteration)) {
  if (tensorboard) tensorboard_.emplace(directory);
}

void RunLog::write(int64_t iteration, const std::vector<Metric>& metrics) {
  metrics_.write(iteration, metrics);
  if (tensorboard_) tensorboard_->write(iteration, metrics);
}

}  // namespace denovo::nn
