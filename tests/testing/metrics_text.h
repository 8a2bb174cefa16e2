// Reading metrics.jsonl in tests.
#pragma once

#include <regex>
#include <string>
#include <vector>

namespace denovo::testing {

/// metrics.jsonl without what the clock and the allocator say.
inline std::string repeatable_metrics(const std::string& text) {
  static const std::regex measured(R"re("(data_time|time|eta_seconds|max_mem_mb)":[^,}]*,?)re");
  return std::regex_replace(text, measured, "");
}

/// Values of one name, in the order of the lines.
inline std::vector<double> metric_values(const std::string& text, const std::string& name) {
  const std::regex field("\"" + name + "\":([^,}]*)");
  std::vector<double> values;
  for (std::sregex_iterator it(text.begin(), text.end(), field), end; it != end; ++it)
    values.push_back(std::stod((*it)[1]));
  return values;
}

}  // namespace denovo::testing
