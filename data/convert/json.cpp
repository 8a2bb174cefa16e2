#include "data/convert/json.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files/file.h"

namespace denovo::data {

namespace dom = simdjson::dom;

dom::element parse_json(dom::parser& parser, const std::string& path) {
  dom::element root;
  if (const auto error = parser.parse(read_file(path)).get(root))
    throw IoError(fmt::format("{}: must be JSON, got '{}'", path, simdjson::error_message(error)));
  return root;
}

std::optional<double> number_at(const dom::element& object, const char* key) {
  double number = 0;
  if (object[key].get(number)) return {};
  return number;
}

std::string text_of(const dom::element& value) {
  std::string_view text;
  if (!value.get(text)) return std::string(text);
  int64_t integer = 0;
  if (!value.get(integer)) return std::to_string(integer);
  return "";
}

std::string text_at(const dom::element& object, const char* key) {
  dom::element value;
  return object[key].get(value) ? "" : text_of(value);
}

std::vector<double> numbers_in(const dom::element& list) {
  dom::array array;
  if (list.get(array)) return {};
  std::vector<double> numbers;
  for (const dom::element item : array) {
    double number = 0;
    if (item.get(number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace denovo::data
