#include "core/log/read_metrics.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.h"
#include "core/files/file.h"

namespace denovo {
namespace {

MetricsLine parse_line(simdjson::dom::parser& parser, const std::string& text) {
  MetricsLine line;
  for (const auto [key, value] : simdjson::dom::object(parser.parse(text))) {
    const double number = value.is_null() ? std::nan("") : double(value);
    if (key == "iteration") {
      line.iteration = static_cast<int64_t>(number);
    } else {
      line.values.emplace(key, number);
    }
  }
  return line;
}

}  // namespace

double MetricsLine::value(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

std::vector<MetricsLine> read_metrics(const std::string& path) {
  std::vector<MetricsLine> lines;
  if (!std::filesystem::exists(path)) return lines;
  const std::string text = read_file(path);
  simdjson::dom::parser parser;
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    try {
      lines.push_back(parse_line(parser, text.substr(begin, end - begin)));
    } catch (const simdjson::simdjson_error& error) {
      throw IoError(
          fmt::format("{}:{}: not a line of metrics, got: {}", path, number, error.what()));
    }
    begin = end + 1;
  }
  return lines;
}

double last_value(const std::vector<MetricsLine>& lines, const std::string& name) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (line->has(name)) return line->value(name);
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace denovo
