// Reading the elements of a JsonChunk with simdjson, with errors that name file, item and value.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "data/coco/json_lists.h"

namespace denovo::data {

using JsonValue = simdjson::ondemand::value;

/// What an error message points at: "<file>: <noun> <id>", or "<file>: <list>[<index>]" while the
/// id is not known.
struct JsonItem {
  std::string_view file, list, noun;
  int64_t index = 0, id = 0;
  bool has_id = false;

  std::string where() const {
    if (has_id) return fmt::format("{}: {} {}", file, noun, id);
    return fmt::format("{}: {}[{}]", file, list.empty() ? noun : list, index);
  }
};

/// Throws IoError "<where>: <key> must be <rule>, got <value>".
[[noreturn]] void refuse_value(const JsonItem& item, std::string_view key, std::string_view rule,
                               JsonValue value);
/// Throws IoError "<where>: <key> is missing".
[[noreturn]] void refuse_missing(const JsonItem& item, std::string_view key);

/// A whole number within +-2^53 (what every reader of JSON keeps exactly).
int64_t read_id(const JsonItem& item, std::string_view key, JsonValue value);
/// A whole number within low … high.
int64_t read_integer(const JsonItem& item, std::string_view key, JsonValue value, int64_t low,
                     int64_t high);
double read_number(const JsonItem& item, std::string_view key, JsonValue value);
/// Valid until the next chunk is parsed.
std::string_view read_string(const JsonItem& item, std::string_view key, JsonValue value);
/// 0, 1, false, true, or a number that is not 0.
bool read_flag(const JsonItem& item, std::string_view key, JsonValue value);
/// Exactly n numbers.
void read_numbers(const JsonItem& item, std::string_view key, JsonValue value, double* to, int n);
/// Reads over a value of any kind, so that its syntax is checked.
void read_over(JsonValue value);

/// Parses chunks; one per thread.
class ChunkParser {
 public:
  /// visit(JsonItem&, JsonValue) for each element of a list chunk.
  template <typename Visit>
  void for_each(const JsonChunk& chunk, std::string_view file, std::string_view noun,
                const Visit& visit) {
    JsonItem item{file, chunk.list, noun, chunk.first_index};
    guarded(item, [&] {
      auto document = load('[', chunk.text, ']');
      simdjson::ondemand::array array = document.get_array();
      for (JsonValue value : array) {
        item.has_id = false;
        visit(item, value);
        ++item.index;
      }
    });
  }

  /// Checks the syntax of a value that nobody reads.
  void check(const JsonChunk& chunk, std::string_view file) {
    JsonItem item{file, chunk.list, chunk.list};
    guarded(item, [&] {
      auto document = load('[', chunk.text, ']');
      simdjson::ondemand::array array = document.get_array();
      for (JsonValue value : array) read_over(value);
    });
  }

 private:
  template <typename Body>
  static void guarded(const JsonItem& item, const Body& body) {
    try {
      body();
    } catch (const simdjson::simdjson_error& error) {
      throw IoError(fmt::format("{}: must be valid JSON of the expected form, got: {}",
                                item.where(), error.what()));
    }
  }

  simdjson::ondemand::document load(char open, std::string_view text, char close) {
    buffer_.resize(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    buffer_[0] = open;
    std::copy(text.begin(), text.end(), buffer_.begin() + 1);
    buffer_[text.size() + 1] = close;
    return parser_.iterate(buffer_.data(), text.size() + 2, buffer_.size());
  }

  simdjson::ondemand::parser parser_;
  std::vector<char> buffer_;
};

}  // namespace denovo::data
