#include "data/coco/json_items.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace denovo::data {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 53;
constexpr size_t kMaxShownCharacters = 40;

/// The token of a scalar, "[" or "{". Throws where broken JSON has led simdjson past its end: there
/// the length of a token is a negative number taken for a positive one.
std::string_view token_of(JsonValue& value) {
  const std::string_view token = value.raw_json_token();
  if (token.size() > std::numeric_limits<uint32_t>::max() / 2)
    throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

/// The whole number that the text of a number such as 9.6e1 or 1.0 means, to the last digit; none
/// for a fraction and for more digits than 2^53 has.
std::optional<int64_t> whole_number(std::string_view text) {
  constexpr int64_t kMaxDigits = 16;
  const bool negative = text.starts_with('-');
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(negative, mark - negative);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return 0;
  int written = 0;
  if (mark < text.size()) {
    const std::string_view rest = text.substr(mark + 1 + (text[mark + 1] == '+'));
    if (std::from_chars(rest.data(), rest.data() + rest.size(), written).ec != std::errc())
      return std::nullopt;
  }
  const size_t last = digits.find_last_not_of('0');
  const auto behind_point =
      static_cast<int64_t>(mantissa.size() - std::min(point + 1, mantissa.size()));
  const int64_t exponent =
      written - behind_point + static_cast<int64_t>(digits.size() - (last + 1));
  digits.resize(last + 1);
  if (exponent < 0 || static_cast<int64_t>(digits.size()) + exponent > kMaxDigits)
    return std::nullopt;
  digits.append(static_cast<size_t>(exponent), '0');
  const int64_t magnitude = std::stoll(digits);
  return negative ? -magnitude : magnitude;
}

/// The value where it is a whole number, however it is written.
std::optional<int64_t> integer_in(JsonValue& value) {
  int64_t number;
  if (value.get_int64().get(number) == simdjson::SUCCESS) return number;
  double rounded;
  if (value.get_double().get(rounded) != simdjson::SUCCESS) return std::nullopt;
  return whole_number(token_of(value));
}

std::string shortened(std::string_view token) {
  return fmt::format("{}{}", token.substr(0, kMaxShownCharacters),
                     token.size() > kMaxShownCharacters ? "…" : "");
}

/// What is no JSON for simdjson but a number for Python: NaN, an infinity or one beyond doubles.
bool is_python_number(JsonValue& value) {
  const std::string_view token = token_of(value);
  if (token == "NaN" || token == "Infinity" || token == "-Infinity") return true;
  double number;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  return error == std::errc::result_out_of_range && end == token.data() + token.size();
}

/// False for nan, 01 and the like. Of strings, lists and objects only the beginning is looked at.
bool may_be_json(JsonValue& value) {
  const std::string_view token = token_of(value);
  if (token.empty() || token == "true" || token == "false" || token == "null") return true;
  if (token[0] == '"' || token[0] == '[' || token[0] == '{') return true;
  return value.get_double().error() == simdjson::SUCCESS || is_python_number(value);
}

}  // namespace

std::string_view json_text(JsonValue value) {
  simdjson::ondemand::json_type type;
  std::string_view text;
  const bool bracketed = value.type().get(type) == simdjson::SUCCESS &&
                         (type == simdjson::ondemand::json_type::array ||
                          type == simdjson::ondemand::json_type::object);
  return bracketed ? simdjson::to_json_string(value).value() : token_of(value);
}

void refuse_value(const JsonItem& item, std::string_view key, std::string_view rule,
                  JsonValue value) {
  const std::string text = shortened(token_of(value));
  if (!may_be_json(value)) throw NotJson(text);
  throw ItemError(item, key, fmt::format("must be {}, got {}", rule, text));
}

void refuse_missing(const JsonItem& item, std::string_view key) {
  throw ItemError(item, key, "is missing");
}

int64_t read_integer(const JsonItem& item, std::string_view key, JsonValue value, int64_t low,
                     int64_t high) {
  const std::optional<int64_t> number = integer_in(value);
  if (number && *number >= low && *number <= high) return *number;
  refuse_value(item, key, fmt::format("a whole number from {} to {}", low, high), value);
}

int64_t read_id(const JsonItem& item, std::string_view key, JsonValue value) {
  const std::optional<int64_t> number = integer_in(value);
  if (number && *number >= -kMaxId && *number <= kMaxId) return *number;
  refuse_value(item, key, "a whole number of at most 2^53", value);
}

double read_number(const JsonItem& item, std::string_view key, JsonValue value) {
  double number;
  if (value.get_double().get(number) == simdjson::SUCCESS) return number;
  refuse_value(item, key, "a finite number", value);
}

std::string_view read_string(const JsonItem& item, std::string_view key, JsonValue value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return text;
  refuse_value(item, key, "a string", value);
}

bool read_flag(const JsonItem& item, std::string_view key, JsonValue value) {
  bool flag;
  if (value.get_bool().get(flag) == simdjson::SUCCESS) return flag;
  if (const std::optional<int64_t> number = integer_in(value)) return *number != 0;
  refuse_value(item, key, "0 or 1", value);
}

void read_numbers(const JsonItem& item, std::string_view key, JsonValue value, double* to, int n) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS)
    refuse_value(item, key, fmt::format("a list of {} numbers", n), value);
  int count = 0;
  for (JsonValue element : array) {
    const double number = read_number(item, key, element);
    if (count < n) to[count] = number;
    ++count;
  }
  if (count != n)
    throw ItemError(item, key, fmt::format("must be a list of {} numbers, got {}", n, count));
}

void read_over(JsonValue value) {
  using simdjson::ondemand::json_type;
  json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) {
    // An unread scalar is left behind by whoever reads what follows it.
    if (is_python_number(value)) return;
    throw NotJson(shortened(token_of(value)));
  }
  switch (type) {
    case json_type::array:
      for (JsonValue element : value.get_array()) read_over(element);
      break;
    case json_type::object:
      for (auto field : value.get_object()) {
        field.unescaped_key().value();
        read_over(field.value());
      }
      break;
    case json_type::number:
      if (value.get_double().error() && !is_python_number(value))
        throw NotJson(shortened(token_of(value)));
      break;
    case json_type::string:
      value.get_string().value();
      break;
    case json_type::boolean:
    case json_type::null:
      if (!may_be_json(value)) throw NotJson(shortened(token_of(value)));
      break;
  }
}

}  // namespace denovo::data
