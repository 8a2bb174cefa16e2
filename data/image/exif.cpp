#include "data/image/exif.h"

#include <cstddef>

namespace denovo::data {
namespace {

/// Reads of a TIFF structure; positions outside it give 0, which no caller takes for a value.
struct TiffReader {
  std::span<const uint8_t> bytes;
  bool big_endian;

  uint32_t read(size_t position, int count) const {
    if (position > bytes.size() || bytes.size() - position < static_cast<size_t>(count)) return 0;
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      value = value << 8 | bytes[position + (big_endian ? i : count - 1 - i)];
    }
    return value;
  }
};

}  // namespace

int exif_orientation(std::span<const uint8_t> tiff) {
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const TiffReader reader{tiff, tiff[0] == 'M'};
  if (reader.read(2, 2) != 42) return 1;
  const size_t directory = reader.read(4, 4);
  const uint32_t num_entries = reader.read(directory, 2);
  for (uint32_t i = 0; i < num_entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (entry + 12 > tiff.size()) return 1;
    constexpr uint32_t kOrientation = 0x0112, kShort = 3;
    if (reader.read(entry, 2) != kOrientation) continue;
    const uint32_t value = reader.read(entry + 8, 2);
    const bool sound = reader.read(entry + 2, 2) == kShort && value >= 1 && value <= 8;
    return sound ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace denovo::data
