// The directory of a run: who may write into it, and what it already holds.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/files/run_lock.h"
#include "nn/training/checkpoint.h"
#include "nn/training/task.h"

namespace denovo::nn {

/// Decides between a new run and a continued one before anything is written.
class RunDirectory {
 public:
  /// Without resume: path must not exist, or be an empty directory; ConfigError naming the remedy
  /// otherwise. With resume: path must hold a run that nobody else is writing and whose
  /// configuration differs from the task's in nothing that touches the result but a larger
  /// solver.max_iter; ConfigError naming the process or the keys. Takes the lock of that run.
  /// ResourceError when permissions do not let it look. The task must outlive it.
  RunDirectory(std::string path, const Task& task, bool resume);

  /// Makes the directory, takes its lock and writes config.toml. Throws ResourceError (disk full,
  /// read-only) and then leaves no new directory behind; ConfigError when another process was
  /// faster.
  void open();

  const std::string& path() const { return path_; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  bool resuming() const { return resuming_; }

  /// The newest checkpoint that can be read. Newer ones that cannot are renamed to
  /// `unreadable_NAME`, with a line to `warn` each. nullopt when there is none at all. Throws
  /// IoError when none of those there can be read.
  std::optional<Checkpoint> newest_checkpoint(
      const std::function<void(const std::string&)>& warn) const;
  /// Whether the newest checkpoint leaves nothing to do (end_of_run). One that cannot be read does.
  bool has_come_to_its_end(const RunConfig& config) const;
  /// Deletes all but the newest checkpoints, those to be kept and the one that `best` points to.
  void prune_checkpoints(const CheckpointConfig& config) const;
  /// The reference's lines of the evaluation at an iteration, "no evaluation" if there was none.
  std::string evaluation_summary(int64_t iteration) const;
  /// The summary that a finished run left; empty when it is not finished.
  std::string finished_summary() const;
  void mark_finished(const std::string& summary) const;

 private:
  void check();
  void write_config() const;
  void set_aside(const std::string& name) const;

  std::string path_;
  const Task& task_;
  bool resuming_;
  std::optional<RunLock> lock_;
};

}  // namespace denovo::nn
