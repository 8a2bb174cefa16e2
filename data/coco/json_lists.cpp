#include "data/coco/json_lists.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <immintrin.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/files/base_name.h"

namespace denovo::data {
namespace {

constexpr size_t kBufferBytes = 16 << 20;  // read at once; bounds the memory of a batch
constexpr size_t kMinBufferBytes = 4 << 10;
constexpr size_t kChunkBytes = 512 << 10;  // parsed at once by one thread
constexpr size_t kVectorBytes = 32;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// One bit per byte: quotes, backslashes and brackets.
uint32_t structural_bits(const char* p) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  // '[' and '{', ']' and '}' differ in bit 5 only.
  const __m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
  const __m256i brackets = _mm256_or_si256(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8('{')),
                                           _mm256_cmpeq_epi8(folded, _mm256_set1_epi8('}')));
  const __m256i strings = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
                                          _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(brackets, strings)));
}

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw IoError(fmt::format("{}: cannot be opened: {}", path, strerror(errno)));
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// What to read at once: the whole of a small file; pipes do not say their size.
  size_t buffer_bytes() const {
    struct stat status;
    if (fstat(fd_, &status) != 0 || status.st_size <= 0) return kBufferBytes;
    return std::clamp<size_t>(static_cast<size_t>(status.st_size) + 1, kMinBufferBytes,
                              kBufferBytes);
  }

  /// Up to n bytes; 0 at the end of the file.
  size_t read_some(const std::string& path, char* to, size_t n) {
    for (;;) {
      const ssize_t got = read(fd_, to, n);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR)
        throw IoError(fmt::format("{}: cannot be read: {}", path, strerror(errno)));
    }
  }

 private:
  int fd_;
};

/// A window on the file that grows at its end and forgets at its beginning.
class Splitter {
 public:
  Splitter(const std::string& path, std::span<const std::string_view> lists,
           const std::function<void(std::span<const JsonChunk>)>& batch)
      : path_(path), name_(base_name(path)), lists_(lists), batch_(batch), file_(path) {
    resize(file_.buffer_bytes());
    fill();
    skip_byte_order_mark();
  }

  void run() {
    if (lists_.empty()) {
      if (peek() != '[') fail("the top level must be a list");
      ++begin_;
      split_list("");
    } else {
      if (peek() != '{') fail("the top level must be an object");
      ++begin_;
      split_object();
    }
    skip_space();
    if (begin_ < end_) fail("nothing may follow the top level");
  }

 private:
  [[noreturn]] void fail(std::string_view rule) const {
    const int64_t offset = consumed_ + static_cast<int64_t>(begin_);
    if (begin_ >= end_)
      throw IoError(fmt::format("{}: {}, got the end of the file at byte {}", name_, rule, offset));
    const std::string_view rest(&buffer_[begin_], std::min<size_t>(end_ - begin_, 16));
    throw IoError(fmt::format("{}: {}, got {:?} at byte {}", name_, rule, rest, offset));
  }

  void skip_byte_order_mark() {
    const std::string_view head(buffer_.get(), std::min<size_t>(end_, 3));
    if (head == "\xef\xbb\xbf") begin_ = 3;
    // JSON begins with an ASCII character: in UTF-16 one of the first two bytes is 0 or of a mark.
    if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff") ||
        head.substr(0, 2).find('\0') != std::string_view::npos)
      throw IoError(fmt::format("{}: is UTF-16; save it as UTF-8", name_));
  }

  void resize(size_t bytes) {
    auto grown = std::make_unique_for_overwrite<char[]>(bytes + kVectorBytes);
    std::copy_n(buffer_.get() + begin_, end_ - begin_, grown.get());
    buffer_ = std::move(grown);
    forget_moved(bytes);
  }

  void forget_moved(size_t capacity) {
    consumed_ += static_cast<int64_t>(begin_);
    end_ -= begin_;
    begin_ = 0;
    capacity_ = capacity;
  }

  /// Drops what lies before begin_ and reads on. False at the end of the file.
  bool fill() {
    if (end_of_file_) return false;
    if (begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      forget_moved(capacity_);
    }
    if (end_ == capacity_) {
      if (capacity_ >= static_cast<size_t>(kMaxJsonElementBytes))
        fail(fmt::format("an element must have at most {} bytes", kMaxJsonElementBytes));
      resize(2 * capacity_);
    }
    while (end_ < capacity_) {
      const size_t got = file_.read_some(path_, &buffer_[end_], capacity_ - end_);
      if (got == 0) {
        end_of_file_ = true;
        break;
      }
      end_ += got;
    }
    std::memset(&buffer_[end_], 0, kVectorBytes);
    return true;
  }

  void skip_space() {
    do {
      while (begin_ < end_ && is_space(buffer_[begin_])) ++begin_;
    } while (begin_ == end_ && fill());
  }

  char peek() {
    skip_space();
    return begin_ < end_ ? buffer_[begin_] : '\0';
  }

  /// Position behind the value that starts at `start`, or 0 when the buffer ends before it does.
  size_t value_end(size_t start) {
    const char first = buffer_[start];
    if (first == '{' || first == '[' || first == '"') return bracketed_end(start);
    size_t i = start;
    while (i < end_ && !is_space(buffer_[i]) && buffer_[i] != ',' && buffer_[i] != ']' &&
           buffer_[i] != '}')
      ++i;
    return i < end_ || end_of_file_ ? i : 0;
  }

  size_t bracketed_end(size_t start) {
    int depth = 0;
    bool in_string = false;
    size_t resume = start;  // everything before it has been looked at or is escaped
    for (size_t block = start; block < end_; block += kVectorBytes) {
      for (uint32_t bits = structural_bits(&buffer_[block]); bits != 0; bits &= bits - 1) {
        const size_t i = block + std::countr_zero(bits);
        if (i < resume) continue;
        const char c = buffer_[i];
        if (c == '\\') {
          resume = i + 2;
        } else if (c == '"') {
          in_string = !in_string;
          if (!in_string && depth == 0) return i + 1;
        } else if (!in_string && (c == '{' || c == '[')) {
          if (++depth > kMaxJsonDepth - 2)
            fail(fmt::format("values must nest at most {} deep", kMaxJsonDepth));
        } else if (!in_string && --depth <= 0) {
          return i + 1;
        }
      }
    }
    return 0;
  }

  /// The value at begin_, made to lie in the buffer as a whole.
  std::string_view whole_value() {
    for (;;) {
      const size_t end = value_end(begin_);
      if (end != 0) return {&buffer_[begin_], end - begin_};
      if (!fill()) {
        begin_ = end_;
        fail("a value must be complete");
      }
    }
  }

  void split_object() {
    std::set<std::string> seen;
    if (peek() == '}') {
      ++begin_;
      return;
    }
    for (;;) {
      if (peek() != '"') fail("a key must be a string");
      const std::string_view quoted = whole_value();
      const std::string key(quoted.substr(1, quoted.size() - 2));
      if (!seen.insert(key).second) fail(fmt::format("the key {:?} must stand once", key));
      begin_ += quoted.size();
      if (peek() != ':') fail("a colon must follow a key");
      ++begin_;
      const bool wanted = std::find(lists_.begin(), lists_.end(), key) != lists_.end();
      if (wanted && peek() == '[') {
        ++begin_;
        split_list(key);
      } else {
        if (peek() == '\0') fail("a value must follow a key");
        const JsonChunk chunk{key, -1, whole_value()};
        batch_(std::span(&chunk, 1));
        begin_ += chunk.text.size();
      }
      const char separator = peek();
      if (separator != ',' && separator != '}') fail("a comma or } must follow a value");
      ++begin_;
      if (separator == '}') return;
    }
  }

  void split_list(const std::string& list) {
    if (peek() == ']') {
      ++begin_;
      const JsonChunk empty{list, 0, {}};
      batch_(std::span(&empty, 1));
      return;
    }
    int64_t index = 0;
    std::vector<JsonChunk> chunks;
    bool last = false;
    while (!last) {
      if (peek() == '\0') fail("a list must end with ]");
      whole_value();  // the first element fits after this, so that every batch makes progress
      chunks.clear();
      const size_t stop = collect_chunks(list, index, chunks, last);
      batch_(chunks);
      begin_ = stop;
    }
  }

  /// Chunks of all elements that are complete in the buffer, from begin_; returns where to go on.
  size_t collect_chunks(const std::string& list, int64_t& index, std::vector<JsonChunk>& chunks,
                        bool& last) {
    size_t position = begin_, chunk_begin = begin_, chunk_end = begin_;
    int64_t first = index;
    const auto close_chunk = [&] {
      if (chunk_end > chunk_begin)
        chunks.push_back({list, first, {&buffer_[chunk_begin], chunk_end - chunk_begin}});
    };
    size_t resume = begin_;
    for (;;) {
      while (position < end_ && is_space(buffer_[position])) ++position;
      const size_t end = position < end_ ? value_end(position) : 0;
      if (end == 0) break;
      if (end == position) {
        begin_ = position;
        fail("an element must follow");
      }
      size_t separator = end;
      while (separator < end_ && is_space(buffer_[separator])) ++separator;
      if (separator == end_ && !end_of_file_) break;
      if (chunk_end - chunk_begin >= kChunkBytes || chunk_end == chunk_begin) {
        close_chunk();
        chunk_begin = position;
        first = index;
      }
      chunk_end = end;
      ++index;
      position = resume = separator + 1;
      const char c = separator < end_ ? buffer_[separator] : '\0';
      if (c == ',') continue;
      if (c != ']') {
        begin_ = separator;
        fail("a comma or ] must follow an element");
      }
      last = true;
      break;
    }
    close_chunk();
    if (resume == begin_) {
      // The element is complete but its separator is not in the buffer yet.
      if (!fill()) {
        begin_ = end_;
        fail("a list must end with ]");
      }
    }
    return resume == begin_ ? begin_ : resume;
  }

  const std::string& path_;
  const std::string_view name_;
  const std::span<const std::string_view> lists_;
  const std::function<void(std::span<const JsonChunk>)>& batch_;
  File file_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
  int64_t consumed_ = 0;  // bytes of the file before the buffer
  bool end_of_file_ = false;
};

}  // namespace

void read_json_lists(const std::string& path, std::span<const std::string_view> lists,
                     const std::function<void(std::span<const JsonChunk>)>& batch) {
  Splitter(path, lists, batch).run();
}

}  // namespace denovo::data
