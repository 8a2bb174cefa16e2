#include "data/image/png_structure.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "data/image/exif.h"

namespace denovo::data {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}

uint32_t crc32(Bytes bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_crc_table();
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) crc = kTable[(crc ^ byte) & 255] ^ crc >> 8;
  return ~crc;
}

constexpr uint32_t chunk_type(const char (&name)[5]) {
  return uint32_t(name[0]) << 24 | uint32_t(name[1]) << 16 | uint32_t(name[2]) << 8 |
         uint32_t(name[3]);
}

class PngWalker {
 public:
  PngWalker(Bytes bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  ImageHeader header() {
    while (!has_header_) chunk();
    // eXIf may stand anywhere; a header is asked for what stands before the pixels.
    while (position_ + 8 <= bytes_.size() && type_at(position_) != chunk_type("IDAT") &&
           position_ + 12 + read32(position_) <= bytes_.size() && !at_end_) {
      chunk();
    }
    return header_;
  }

  std::vector<uint8_t> with_whole_palette() const {
    if (colour_type_ != 3 || palette_.length == kWholePalette) return {};
    const size_t colours = palette_.chunk + 8, behind = colours + palette_.length;
    std::vector<uint8_t> whole(bytes_.begin(), bytes_.begin() + behind);
    whole.resize(colours + kWholePalette);  // black
    whole[palette_.chunk + 2] = kWholePalette >> 8;
    whole[palette_.chunk + 3] = kWholePalette & 255;
    // The checksum is the old one: whoever decodes this has compared it already.
    whole.insert(whole.end(), bytes_.begin() + behind, bytes_.end());
    return whole;
  }

  void check_all() {
    header();
    while (!at_end_) chunk();
    if (compressed_bytes_ == 0) fail("has no pixels (IDAT)");
    if (colour_type_ == 3 && !has_palette()) fail("a palette image needs a palette (PLTE)");
    const int64_t row_bits = int64_t{header_.width} * samples_per_pixel_ * header_.bits;
    const int64_t raw_bytes = (row_bits + 7) / 8 * header_.height;
    // Deflate gains at most 1032 times, so a smaller file lies about its size.
    if (raw_bytes > 1032 * compressed_bytes_) {
      fail(fmt::format("{} compressed bytes cannot hold {}x{} pixels", compressed_bytes_,
                       header_.height, header_.width));
    }
  }

 private:
  static constexpr size_t kWholePalette = 768;  // 256 colours

  bool has_palette() const { return palette_.length > 0; }

  [[noreturn]] void fail(const std::string& what) const {
    throw IoError(fmt::format("{}: damaged or unsupported PNG: {}", where_, what));
  }

  uint32_t read32(size_t at) const {
    if (bytes_.size() < 4 || at > bytes_.size() - 4) {
      fail(fmt::format("ends after {} bytes", bytes_.size()));
    }
    return uint32_t{bytes_[at]} << 24 | uint32_t{bytes_[at + 1]} << 16 |
           uint32_t{bytes_[at + 2]} << 8 | uint32_t{bytes_[at + 3]};
  }
  uint32_t type_at(size_t chunk) const { return read32(chunk + 4); }

  void chunk() {
    const size_t length = read32(position_);
    const uint32_t type = type_at(position_);
    if (length > 0x7FFFFFFFu || length + 12 > bytes_.size() - position_) {
      fail(fmt::format("ends after {} bytes, within a chunk of {}", bytes_.size(), length));
    }
    const Bytes body = bytes_.subspan(position_ + 8, length);
    if (!has_header_ && type != chunk_type("IHDR")) fail("does not begin with IHDR");
    const bool is_critical = (bytes_[position_ + 4] & 0x20) == 0;
    if (is_critical && !checksum_agrees(length)) {
      fail(fmt::format("wrong checksum of the chunk at byte {}", position_));
    }
    if (type == chunk_type("IHDR")) {
      image_header(body);
    } else if (type == chunk_type("PLTE")) {
      if (has_palette() || compressed_bytes_ > 0 || length < 3 || length > 768 || length % 3 != 0)
        fail("misplaced or malformed palette");
      palette_ = {position_, length};
    } else if (type == chunk_type("IDAT")) {
      if (compressed_bytes_ > 0 && last_type_ != type) fail("pixels (IDAT) are not consecutive");
      compressed_bytes_ += static_cast<int64_t>(length);
    } else if (type == chunk_type("eXIf")) {
      header_.orientation = exif_orientation(body);
    } else if (type == chunk_type("IEND")) {
      at_end_ = true;
    } else if (is_critical) {
      fail(fmt::format("unknown critical chunk at byte {}", position_));
    }
    last_type_ = type;
    position_ += length + 12;
  }

  bool checksum_agrees([[maybe_unused]] size_t length) const {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    return true;  // else no mutated file would reach the decoder
#else
    return crc32(bytes_.subspan(position_ + 4, length + 4)) == read32(position_ + 8 + length);
#endif
  }

  void image_header(Bytes body) {
    if (has_header_ || body.size() != 13) fail("second or malformed IHDR");
    has_header_ = true;
    const uint32_t width = read32(position_ + 8), height = read32(position_ + 12);
    if (width > 0x7FFFFFFFu || height > 0x7FFFFFFFu) fail("a side of more than 2^31 - 1");
    header_.format = ImageFormat::kPng;
    header_.width = static_cast<int>(width);
    header_.height = static_cast<int>(height);
    header_.bits = body[8];
    colour_type_ = body[9];
    constexpr std::array<int, 7> kSamples = {1, 0, 3, 1, 2, 0, 4};
    // Bit b is set where b bits a sample are legal for the colour type.
    constexpr std::array<uint32_t, 7> kDepths = {0x10116, 0, 0x10100, 0x116, 0x10100, 0, 0x10100};
    if (colour_type_ > 6 || header_.bits > 16 || !(kDepths[colour_type_] >> header_.bits & 1)) {
      fail(fmt::format("colour type {} with {} bits", colour_type_, header_.bits));
    }
    if (body[10] != 0 || body[11] != 0 || body[12] > 1) fail("unknown compression or interlace");
    samples_per_pixel_ = kSamples[colour_type_];
    header_.channels = colour_type_ == 3 ? 3 : samples_per_pixel_;
  }

  Bytes bytes_;
  const std::string& where_;
  size_t position_ = 8;  // the caller has seen the signature
  ImageHeader header_{};
  uint32_t last_type_ = 0;
  int colour_type_ = 0, samples_per_pixel_ = 1;
  int64_t compressed_bytes_ = 0;
  struct {
    size_t chunk, length;
  } palette_{};
  bool has_header_ = false, at_end_ = false;
};

}  // namespace

ImageHeader parse_png_header(Bytes bytes, const std::string& where) {
  return PngWalker(bytes, where).header();
}

std::vector<uint8_t> check_png_structure(Bytes bytes, const std::string& where) {
  PngWalker walker(bytes, where);
  walker.check_all();
  return walker.with_whole_palette();
}

}  // namespace denovo::data
