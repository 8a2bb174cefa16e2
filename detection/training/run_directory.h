// The directory of a run: who may write into it, and what it already holds.
#pragma once

#include <optional>
#include <string>

#include "core/files/run_lock.h"
#include "core/log/logger.h"
#include "detection/training/checkpoint.h"
#include "detection/training/train_config.h"

namespace denovo::detection {

/// Decides between a new run and a continued one before anything is written.
class RunDirectory {
 public:
  /// Without resume: path must not exist, or be an empty directory; ConfigError naming the remedy
  /// otherwise. With resume: path must hold a run (ConfigError) whose configuration differs from
  /// `config` in nothing that touches the result but a larger solver.max_iter (ConfigError naming
  /// the keys).
  RunDirectory(std::string path, const TrainConfig& config, bool resume);

  /// Makes the directory, takes its lock and writes config.toml.
  void open(const TrainConfig& config);

  const std::string& path() const { return path_; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  bool resuming() const { return resuming_; }

  /// The newest checkpoint that can be read; older ones with a warning each. nullopt when there is
  /// none at all. Throws IoError when none of those there can be read.
  std::optional<Checkpoint> newest_checkpoint(Logger& logger) const;
  /// Deletes all but the newest `keep` checkpoints and the one that `best` points to.
  void prune_checkpoints(int keep) const;
  /// The summary that a finished run left; empty when it is not finished.
  std::string finished_summary() const;
  void mark_finished(const std::string& summary) const;

 private:
  std::string path_;
  bool resuming_;
  std::optional<RunLock> lock_;
};

}  // namespace denovo::detection
