// Compact JSON, written as it is produced:
//
//   JsonWriter json;
//   json.begin_object().field("iteration", 20).key("losses").begin_array().value(0.5).end_array();
//   json.end_object();
//   replace_file(path, json.text());   // {"iteration":20,"losses":[0.5]}
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace denovo {

/// Numbers are written in the shortest form that reads back to the same value (of float or double);
/// NaN and the infinities, which JSON does not have, as null. Bytes of a string that are not UTF-8
/// become U+FFFD, so the text is always valid. A value in a wrong place is an InternalError.
class JsonWriter {
 public:
  /// Collects the text.
  JsonWriter() = default;
  /// Hands the text to `sink` in pieces of about 64 KiB, the last at the end of the document: for
  /// documents that should not be held in memory.
  explicit JsonWriter(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(float number);
  JsonWriter& value(bool truth) { return literal(truth ? "true" : "false"); }
  JsonWriter& value(std::nullptr_t) { return literal("null"); }
  template <std::integral T>
  JsonWriter& value(T number) {
    return literal(std::to_string(number));
  }
  /// Text that is JSON already.
  JsonWriter& raw_value(std::string_view json) { return literal(json); }

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// The finished document; InternalError while something is open. Empty when there is a sink.
  const std::string& text() const;

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& literal(std::string_view json);
  void start_value();
  void end_value();
  void put_string(std::string_view text);

  std::function<void(std::string_view)> sink_;
  std::string buffer_;
  std::vector<char> open_;  // brackets that wait for their end
  bool needs_comma_ = false, after_key_ = false, finished_ = false;
};

}  // namespace denovo
