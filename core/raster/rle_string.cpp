// The compressed string form of run-length masks.
#include <fmt/format.h>

#include "core/error.h"
#include "core/raster/rle.h"

namespace denovo {
namespace {

constexpr int kMaxGroups = 7;  // 35 bits: more than any difference of two counts needs

[[noreturn]] void refuse(const char* rule, std::string_view text, size_t position) {
  if (position >= text.size())
    throw IoError(fmt::format("rle: {}, got the end at character {}", rule, position));
  throw IoError(fmt::format("rle: {}, got byte {} at character {}", rule,
                            static_cast<unsigned char>(text[position]), position));
}

/// One signed value; moves `position` behind it.
int64_t read_value(std::string_view text, size_t& position) {
  int64_t value = 0;
  for (int group = 0; group < kMaxGroups; ++group) {
    if (position >= text.size()) refuse("a value must end with a last group", text, position);
    const int bits = static_cast<unsigned char>(text[position]) - 48;
    if (bits < 0 || bits > 63) refuse("characters must be 48 to 111", text, position);
    ++position;
    value |= int64_t{bits & 0x1f} << (5 * group);
    if (bits & 0x20) continue;
    if (bits & 0x10) value -= int64_t{1} << (5 * (group + 1));
    return value;
  }
  refuse("a value must have at most 7 groups", text, position - 1);
}

}  // namespace

std::string rle_to_string(RleView rle) {
  std::string text;
  text.reserve(rle.counts.size() * 2);
  for (size_t i = 0; i < rle.counts.size(); ++i) {
    int64_t value = rle.counts[i];
    if (i > 2) value -= rle.counts[i - 2];
    bool more = true;
    while (more) {
      const int group = static_cast<int>(value & 0x1f);
      value >>= 5;
      more = (group & 0x10) ? value != -1 : value != 0;
      text.push_back(static_cast<char>((more ? group | 0x20 : group) + 48));
    }
  }
  return text;
}

void append_rle_counts(std::string_view text, int height, int width,
                       std::vector<uint32_t>& counts) {
  check_mask_size(height, width);
  const int64_t pixels = int64_t{height} * width;
  const size_t first = counts.size();
  int64_t sum = 0;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    int64_t count = read_value(text, position);
    if (counts.size() - first > 2) count += counts[counts.size() - 2];
    sum += count;
    if (count < 0 || sum > pixels) {
      counts.resize(first);
      throw IoError(fmt::format(
          "rle: counts must be 0 or more and sum to height * width = {}, got {} at character {}",
          pixels, count, start));
    }
    counts.push_back(static_cast<uint32_t>(count));
  }
  if (sum != pixels) {
    counts.resize(first);
    throw IoError(fmt::format("rle: counts must sum to height * width = {}, got {}", pixels, sum));
  }
}

Rle rle_from_string(std::string_view text, int height, int width) {
  Rle rle{height, width, {}};
  append_rle_counts(text, height, width, rle.counts);
  return rle;
}

}  // namespace denovo
