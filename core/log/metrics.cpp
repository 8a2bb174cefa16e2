#include "core/log/metrics.h"

#include <simdjson.h>

#include <filesystem>
#include <string_view>

#include "core/files/atomic_write.h"
#include "core/files/json_writer.h"

namespace denovo {

void MetricsFile::write(int64_t iteration, const std::vector<Metric>& metrics) {
  JsonWriter json;
  json.begin_object().field("iteration", iteration);
  for (const Metric& metric : metrics)
    std::visit([&](auto value) { json.field(metric.name, value); }, metric.value);
  json.end_object();
  file_.write(json.text() + '\n');
}

void cut_metrics_after(const std::string& path, int64_t iteration) {
  if (!std::filesystem::exists(path)) return;
  const std::string content = read_file(path);
  std::string kept;
  simdjson::dom::parser parser;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = content.find('\n', begin);
    if (end == std::string::npos) break;
    const std::string_view line(content.data() + begin, end + 1 - begin);
    begin = end + 1;
    int64_t at = 0;
    const auto document = parser.parse(line.data(), line.size());
    if (document.error() || document["iteration"].get(at) || at > iteration) continue;
    kept += line;
  }
  if (kept.size() != content.size()) replace_file(path, kept);
}

}  // namespace denovo
