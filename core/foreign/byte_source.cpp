#include "core/foreign/byte_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace denovo::foreign {
namespace {

constexpr int64_t kWindowBytes = 64 * 1024;
constexpr size_t kMaxLineBytes = 512;

}  // namespace

ByteSource::ByteSource(std::string bytes, std::string where)
    : where_(std::move(where)),
      window_(std::move(bytes)),
      size_(static_cast<int64_t>(window_.size())) {}

ByteSource::ByteSource(const FileReader& file, std::string where)
    : where_(std::move(where)), file_(&file), size_(file.size()) {}

void ByteSource::require(uint64_t bytes, const char* what) const {
  if (bytes > static_cast<uint64_t>(size_ - position_))
    throw IoError(fmt::format("{}: ends within {}, at byte {}", where_, what, position_));
}

uint8_t ByteSource::byte(const char* what) {
  require(1, what);
  if (file_ && (position_ < window_begin_ ||
                position_ >= window_begin_ + static_cast<int64_t>(window_.size()))) {
    window_.resize(static_cast<size_t>(std::min(kWindowBytes, size_ - position_)));
    file_->read_at(position_, window_.data(), static_cast<int64_t>(window_.size()));
    window_begin_ = position_;
  }
  return static_cast<uint8_t>(window_[static_cast<size_t>(position_++ - window_begin_)]);
}

uint64_t ByteSource::integer(int bytes, const char* what) {
  require(static_cast<uint64_t>(bytes), what);
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(byte(what)) << 8 * i;
  return value;
}

ByteSpan ByteSource::skip(uint64_t bytes, const char* what) {
  require(bytes, what);
  const ByteSpan span{position_, static_cast<int64_t>(bytes)};
  position_ += span.size;
  return span;
}

std::string ByteSource::line(const char* what) {
  std::string text;
  for (char c; (c = static_cast<char>(byte(what))) != '\n'; text += c)
    if (text.size() == kMaxLineBytes)
      throw IoError(fmt::format("{}: {} must be a line of at most {} bytes, at byte {}", where_,
                                what, kMaxLineBytes, position_));
  return text;
}

void ByteSource::read(ByteSpan span, void* into) const {
  if (file_) {
    file_->read_at(span.begin, into, span.size);
  } else {
    std::memcpy(into, window_.data() + span.begin, static_cast<size_t>(span.size));
  }
}

std::string ByteSource::text(ByteSpan span) const {
  std::string text(static_cast<size_t>(span.size), '\0');
  read(span, text.data());
  return text;
}

}  // namespace denovo::foreign
