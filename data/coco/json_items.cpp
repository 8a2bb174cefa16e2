#include "data/coco/json_items.h"

namespace denovo::data {
namespace {

constexpr int64_t kMaxId = int64_t{1} << 53;
constexpr size_t kMaxShownCharacters = 40;

}  // namespace

void refuse_value(const JsonItem& item, std::string_view key, std::string_view rule,
                  JsonValue value) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  throw IoError(fmt::format("{}: {} must be {}, got {}{}", item.where(), key, rule,
                            token.substr(0, kMaxShownCharacters),
                            token.size() > kMaxShownCharacters ? "…" : ""));
}

void refuse_missing(const JsonItem& item, std::string_view key) {
  throw IoError(fmt::format("{}: {} is missing", item.where(), key));
}

int64_t read_integer(const JsonItem& item, std::string_view key, JsonValue value, int64_t low,
                     int64_t high) {
  int64_t number;
  if (value.get_int64().get(number) == simdjson::SUCCESS && number >= low && number <= high)
    return number;
  refuse_value(item, key, fmt::format("a whole number from {} to {}", low, high), value);
}

int64_t read_id(const JsonItem& item, std::string_view key, JsonValue value) {
  int64_t number;
  if (value.get_int64().get(number) == simdjson::SUCCESS && number >= -kMaxId && number <= kMaxId)
    return number;
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
  double number;
  if (value.get_double().get(number) == simdjson::SUCCESS) return number != 0;
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
    throw IoError(
        fmt::format("{}: {} must be a list of {} numbers, got {}", item.where(), key, n, count));
}

void read_over(JsonValue value) {
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::array:
      for (JsonValue element : value.get_array()) read_over(element);
      break;
    case simdjson::ondemand::json_type::object:
      for (auto field : value.get_object()) {
        field.unescaped_key().value();
        read_over(field.value());
      }
      break;
    case simdjson::ondemand::json_type::number:
      value.get_double().value();
      break;
    case simdjson::ondemand::json_type::string:
      value.get_string().value();
      break;
    case simdjson::ondemand::json_type::boolean:
      value.get_bool().value();
      break;
    case simdjson::ondemand::json_type::null:
      if (!value.is_null().value()) throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
      break;
  }
}

}  // namespace denovo::data
