// What a task is by its configuration alone.
#pragma once

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "core/tensor/device.h"
#include "nn/training/task.h"

namespace denovo::nn {

/// A task of a run that Config describes whole (ConfigFields), on a device.
template <class Config>
class ConfiguredTask : public Task {
 public:
  RunConfig run_config() const override { return config_.run_config(); }
  std::string config_text() const override { return denovo::config_text(config_); }
  std::vector<ConfigDifference> differences_from(const std::string& config_file) const override {
    return differences_from_file(config_file, config_);
  }

 protected:
  /// config, logger and group must outlive it.
  ConfiguredTask(const Config& config, Device device, Logger& logger, ProcessGroup& group)
      : config_(config), device_(device), logger_(logger), group_(group) {}

  const Config& config_;
  const Device device_;
  Logger& logger_;
  ProcessGroup& group_;
};

}  // namespace denovo::nn
