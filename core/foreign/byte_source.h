// Bytes that are read in order, from memory or from a file, with long payloads passed over.
#pragma once

#include <cstdint>
#include <string>

#include "core/files/file.h"

namespace denovo::foreign {

/// Bytes [begin, begin + size) of a source.
struct ByteSpan {
  int64_t begin, size;
};

/// A position in a file, or in text that was read from one; only a window of a file is in memory.
/// Errors are IoError "<where>: ends within <what>, at byte <position>".
class ByteSource {
 public:
  ByteSource(std::string bytes, std::string where);
  ByteSource(const FileReader& file, std::string where);

  const std::string& where() const { return where_; }
  int64_t position() const { return position_; }
  int64_t size() const { return size_; }
  bool at_end() const { return position_ == size_; }

  uint8_t byte(const char* what);
  /// A little-endian integer of 1 to 8 bytes.
  uint64_t integer(int bytes, const char* what);
  /// Passes over `bytes` bytes.
  ByteSpan skip(uint64_t bytes, const char* what);
  /// Up to the next line feed, which is consumed; at most 512 bytes.
  std::string line(const char* what);

  /// Copies a span, wherever the position is.
  void read(ByteSpan span, void* into) const;
  std::string text(ByteSpan span) const;

 private:
  void require(uint64_t bytes, const char* what) const;

  std::string where_;
  const FileReader* file_ = nullptr;  // null: all is in window_
  std::string window_;
  int64_t window_begin_ = 0;
  int64_t position_ = 0;
  int64_t size_ = 0;
};

}  // namespace denovo::foreign
