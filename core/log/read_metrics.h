// Reading metrics.jsonl back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace denovo {

/// The numbers of one line.
struct MetricsLine {
  int64_t iteration = 0;
  std::map<std::string, double> values;

  /// The value of that name, or NaN.
  double value(const std::string& name) const;
  bool has(const std::string& name) const { return values.contains(name); }
};

/// The lines of a file as MetricsFile writes it, in order; null is NaN. A last line without its
/// end, as a crash leaves it, is passed over. Throws IoError naming file and line for what is no
/// JSON object with an iteration; a file that does not exist has no lines.
std::vector<MetricsLine> read_metrics(const std::string& path);

/// The value of that name in the last line that has one; NaN where none has.
double last_value(const std::vector<MetricsLine>& lines, const std::string& name);

}  // namespace denovo
