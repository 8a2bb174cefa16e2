// Numbers of a run by iteration: metrics.jsonl, and the same for TensorBoard.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/files/file.h"

namespace denovo {

/// A count is written as an integer, a measure as the shortest decimal that reads back equal.
struct Metric {
  std::string name;
  std::variant<int64_t, double> value;
};

/// Appends a JSON object a line; `iteration` comes first in each. A line is one write, so a crash
/// tears at most the last one. Errors are ResourceErrors.
class MetricsFile {
 public:
  explicit MetricsFile(const std::string& path) : file_(path, FileWriter::Mode::kAppend) {}
  void write(int64_t iteration, const std::vector<Metric>& metrics);

 private:
  FileWriter file_;
};

/// Drops every line after `iteration`, and what is no complete line, by atomic replacement: a
/// resumed run goes on as if the lost steps had never been. Lines up to it keep their bytes.
/// Nothing happens when the file does not exist.
void cut_metrics_after(const std::string& path, int64_t iteration);

/// One `events.out.tfevents.*` file in a directory; a resumed run adds another, as TensorBoard
/// expects. Writes f32 scalars. Errors are ResourceErrors.
class TensorBoardFile {
 public:
  explicit TensorBoardFile(const std::string& directory);
  void write(int64_t iteration, const std::vector<Metric>& metrics);

 private:
  FileWriter file_;
};

/// One record each (length, checksum, protocol buffer, checksum) with the wall time in seconds.
std::string tensorboard_version_record(double wall_time);
std::string tensorboard_scalar_record(double wall_time, int64_t step,
                                      const std::vector<Metric>& metrics);

}  // namespace denovo
