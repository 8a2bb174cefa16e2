// Reading JSON values with simdjson, with errors that name file, item, key and value.
//
// JSON as people write it: 1.0, 9.6e1 and -0.0 are whole numbers where one is read; NaN, Infinity
// and -Infinity, which Python writes, are read over where nobody reads them and refused by name
// where somebody does; nan and inf, which others write, are no JSON wherever they stand.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/error.h"
#include "data/coco/json_lists.h"

namespace denovo::data {

using JsonValue = simdjson::ondemand::value;

/// What an error message points at: "<noun> <id>", or "<list>[<index>]" while the id is not known;
/// with a negative index the list itself.
struct JsonItem {
  std::string_view file, list, noun;
  int64_t index = 0, id = 0;
  bool has_id = false;
  std::string_view key = {};  // of the member at work, as long as the document lives
  int member = -1;            // bit of the member that is being read, -1: none
  unsigned refused = 0;  // bits of members to read over, because reading them has failed before

  /// Before an element is read, or read again.
  void begin() {
    has_id = false;
    key = {};
    member = -1;
  }

  std::string name() const {
    if (has_id) return fmt::format("{} {}", noun, id);
    if (index < 0) return std::string(list);
    return fmt::format("{}[{}]", list.empty() ? noun : list, index);
  }
  std::string where() const { return fmt::format("{}: {}", file, name()); }
  /// With the member at work.
  std::string place() const { return fmt::format("{}:{}{}", where(), key.empty() ? "" : " ", key); }
};

/// An element that is JSON but not what it has to be: a member is missing or of a wrong type. The
/// text is "<where>: <key> <fault>".
class ItemError : public IoError {
 public:
  ItemError(const JsonItem& item, std::string_view key, std::string_view fault)
      : IoError(fmt::format("{}: {} {}", item.where(), key, fault)),
        key_(key),
        without_file_(std::string_view(what()).substr(item.file.size() + 2)) {}

  const std::string& key() const { return key_; }
  const std::string& without_file() const { return without_file_; }

 private:
  std::string key_, without_file_;
};

/// A value that is no JSON, not even Python's: nan, 01, tru. ChunkParser says where it stands.
class NotJson : public simdjson::simdjson_error {
 public:
  explicit NotJson(std::string text)
      : simdjson::simdjson_error(simdjson::TAPE_ERROR), text_(std::move(text)) {}

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Throws ItemError "<where>: <key> must be <rule>, got <value>", or NotJson where that is it.
[[noreturn]] void refuse_value(const JsonItem& item, std::string_view key, std::string_view rule,
                               JsonValue value);
/// Throws ItemError "<where>: <key> is missing".
[[noreturn]] void refuse_missing(const JsonItem& item, std::string_view key);

/// The text of a value, which is read over.
std::string_view json_text(JsonValue value);

/// A whole number within +-2^53 (what every reader of JSON keeps exactly).
int64_t read_id(const JsonItem& item, std::string_view key, JsonValue value);
/// A whole number within low … high.
int64_t read_integer(const JsonItem& item, std::string_view key, JsonValue value, int64_t low,
                     int64_t high);
double read_number(const JsonItem& item, std::string_view key, JsonValue value);
/// Valid until the next chunk is parsed.
std::string_view read_string(const JsonItem& item, std::string_view key, JsonValue value);
/// false, true or a whole number, of which all but 0 are true.
bool read_flag(const JsonItem& item, std::string_view key, JsonValue value);
/// Exactly n numbers.
void read_numbers(const JsonItem& item, std::string_view key, JsonValue value, double* to, int n);
/// Reads over a value of any kind, so that its syntax is checked; takes what Python's json takes:
/// numbers too large for a double, NaN and the infinities too. Throws simdjson_error.
void read_over(JsonValue value);

}  // namespace denovo::data
