// What a training run leaves behind, whichever rank it runs on.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "nn/training/branch.h"
#include "nn/training/run_directory.h"
#include "nn/training/run_log.h"

namespace denovo::nn {

/// Directory, log, metrics and checkpoints of a run. Rank 0 writes them; the calls that all ranks
/// must make are marked, the others do nothing elsewhere. All throw what RunDirectory throws, on
/// all ranks where they are collective.
class RunRecorder {
 public:
  /// Checks the directory as RunDirectory does. task, logger and group must outlive this.
  RunRecorder(std::string path, const Task& task, bool resume, Logger& logger, ProcessGroup& group);

  const std::string& path() const { return path_; }

  /// To the screen, and to log.txt as soon as there is one.
  void announce(const std::string& line);
  void warn(const std::string& line);

  /// The summary of a run that has come to its end; empty otherwise. Collective.
  std::string finished_summary();
  /// Makes the directory and its log. Collective.
  void open();
  /// The newest checkpoint that rank 0 can read, on every rank; before or after open. Collective.
  std::optional<Checkpoint> newest_checkpoint();

  /// Fills the opened directory as nn::take_over does. Collective.
  void take_over(const BranchPoint& branch);

  /// Cuts the metrics back to first_iteration.
  void start_metrics(int64_t first_iteration);
  void write_metrics(int64_t iteration, const std::vector<Metric>& metrics);

  /// Writes what make() returns on rank 0, as the best one too if asked. False when memory or disk
  /// were exhausted, unless required: then, and of other causes, throws. Collective.
  bool save(int64_t iteration, const std::function<Checkpoint()>& make, bool is_best,
            bool required);

  /// Marks the run as finished and returns its summary: the one given, or that of the iteration's
  /// evaluation.
  std::string finish(int64_t iteration, const std::string& summary);

 private:
  const std::string path_;
  const RunConfig config_;
  Logger& logger_;
  ProcessGroup& group_;
  std::optional<RunDirectory> directory_;  // on rank 0
  std::optional<RunLog> log_;
  std::vector<std::string> opening_lines_;
};

}  // namespace denovo::nn
