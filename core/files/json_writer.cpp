#include "core/files/json_writer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/error.h"

namespace denovo {
namespace {

template <class T>
std::string shortest(T number) {
  if (!std::isfinite(number)) return "null";
  char text[32];
  // Large whole numbers without an exponent would be integers to a reader, and too large ones.
  const auto result = std::abs(number) < T(1e15) ? std::to_chars(text, text + sizeof(text), number)
                                                 : std::to_chars(text, text + sizeof(text), number,
                                                                 std::chars_format::scientific);
  return std::string(text, result.ptr);
}

/// Length of the UTF-8 sequence at the start of `text`; 0 when it is not one.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) < 0x80   ? 1
                        : byte(0) < 0xC2 ? 0  // continuation, or a longer form of ASCII
                        : byte(0) < 0xE0 ? 2
                        : byte(0) < 0xF0 ? 3
                        : byte(0) < 0xF5 ? 4
                                         : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool beyond = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

constexpr size_t kPieceBytes = 64 * 1024;

}  // namespace

void JsonWriter::start_value() {
  DENOVO_DCHECK(!finished_);
  DENOVO_DCHECK(open_.empty() || open_.back() == '[' || after_key_);
  if (needs_comma_) buffer_ += ',';
  after_key_ = false;
}

void JsonWriter::end_value() {
  needs_comma_ = true;
  finished_ = open_.empty();
  if (sink_ && (finished_ || buffer_.size() >= kPieceBytes)) {
    sink_(buffer_);
    buffer_.clear();
  }
}

JsonWriter& JsonWriter::open(char bracket) {
  start_value();
  buffer_ += bracket;
  open_.push_back(bracket);
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  DENOVO_DCHECK(!open_.empty() && open_.back() == (bracket == '}' ? '{' : '[') && !after_key_);
  buffer_ += bracket;
  open_.pop_back();
  end_value();
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  DENOVO_DCHECK(!open_.empty() && open_.back() == '{' && !after_key_);
  if (needs_comma_) buffer_ += ',';
  put_string(name);
  buffer_ += ':';
  needs_comma_ = false;
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::literal(std::string_view json) {
  start_value();
  buffer_ += json;
  end_value();
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  return literal(shortest(number));
}

JsonWriter& JsonWriter::value(float number) {
  return literal(shortest(number));
}

JsonWriter& JsonWriter::value(std::string_view text) {
  start_value();
  put_string(text);
  end_value();
  return *this;
}

void JsonWriter::put_string(std::string_view text) {
  buffer_ += '"';
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      buffer_ += '\\';
      buffer_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      buffer_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else if (length == 0) {
      buffer_ += "\xEF\xBF\xBD";
    } else {
      buffer_ += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  buffer_ += '"';
}

const std::string& JsonWriter::text() const {
  DENOVO_DCHECK(finished_);
  return buffer_;
}

}  // namespace denovo
