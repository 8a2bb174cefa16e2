#include "core/raster/rle.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace denovo {
namespace {

constexpr int kColumnsPerTile = 64;

/// Builds runs from pieces of a column-major pixel sequence that arrive in order.
class RunBuilder {
 public:
  explicit RunBuilder(std::vector<uint32_t>& counts) : counts_(counts) {}

  void append_run(uint8_t value, uint32_t length) {
    if (length == 0) return;
    if (value != value_) {
      counts_.push_back(run_);
      run_ = 0;
      value_ = value;
    }
    run_ += length;
  }

  /// Bytes must be 0 or 1.
  void append_bytes(const uint8_t* bytes, size_t n) {
    for (size_t i = 0; i < n;) {
      const size_t end = run_end(bytes, i, n);
      append_run(bytes[i], static_cast<uint32_t>(end - i));
      i = end;
    }
  }

  void finish() { counts_.push_back(run_); }

 private:
  static size_t run_end(const uint8_t* bytes, size_t begin, size_t n) {
    const uint64_t pattern = bytes[begin] ? 0x0101010101010101ull : 0;
    size_t i = begin + 1;
    for (; i + 8 <= n; i += 8) {
      uint64_t word;
      std::memcpy(&word, bytes + i, 8);
      if (word != pattern) return i + std::countr_zero(word ^ pattern) / 8;
    }
    while (i < n && bytes[i] == bytes[begin]) ++i;
    return i;
  }

  std::vector<uint32_t>& counts_;
  uint32_t run_ = 0;
  uint8_t value_ = 0;
};

/// Calls visit(column buffer, number of columns) for tiles of a row-major mask turned to columns.
template <typename Visit>
void for_each_column_tile(const uint8_t* mask, int height, int width, const Visit& visit) {
  std::vector<uint8_t> tile(static_cast<size_t>(height) * std::min(width, kColumnsPerTile));
  for (int x0 = 0; x0 < width; x0 += kColumnsPerTile) {
    const int columns = std::min(kColumnsPerTile, width - x0);
    for (int y = 0; y < height; ++y) {
      const uint8_t* row = mask + static_cast<size_t>(y) * width + x0;
      for (int x = 0; x < columns; ++x) tile[static_cast<size_t>(x) * height + y] = row[x] != 0;
    }
    visit(tile.data(), columns);
  }
}

/// The alternating runs of a mask, consumed piecewise.
struct RunCursor {
  explicit RunCursor(RleView rle)
      : next(rle.counts.data()), end(next + rle.counts.size()), left(next == end ? 0 : *next++) {}

  void advance(uint32_t length) {
    left -= length;
    if (left == 0 && next != end) {
      left = *next++;
      inside = !inside;
    }
  }

  const uint32_t *next, *end;
  uint32_t left;
  bool inside = false;
};

Rle merge_two(RleView a, RleView b, RleMerge op) {
  Rle merged{a.height, a.width, {}};
  RunCursor first(a), second(b);
  bool inside = false;
  uint32_t run = 0;
  bool more = true;
  while (more) {
    const uint32_t step = std::min(first.left, second.left);
    run += step;
    first.advance(step);
    second.advance(step);
    more = first.left != 0 || second.left != 0;
    const bool now =
        op == RleMerge::kUnion ? first.inside || second.inside : first.inside && second.inside;
    if (now != inside || !more) {
      merged.counts.push_back(run);
      run = 0;
      inside = now;
    }
  }
  return merged;
}

bool boxes_meet(const RleBox& a, const RleBox& b) {
  return std::min(a.x + a.width, b.x + b.width) > std::max(a.x, b.x) &&
         std::min(a.y + a.height, b.y + b.height) > std::max(a.y, b.y);
}

}  // namespace

void check_mask_size(int64_t height, int64_t width) {
  if (height < 0 || width < 0 || height > kMaxMaskSide || width > kMaxMaskSide)
    throw IoError(fmt::format("rle: height and width must be 0 to {}, got {} x {}", kMaxMaskSide,
                              height, width));
  if (height * width > kMaxMaskPixels)
    throw IoError(fmt::format("rle: height * width must be at most {}, got {} x {}", kMaxMaskPixels,
                              height, width));
}

void check_rle(RleView rle) {
  check_mask_size(rle.height, rle.width);
  uint64_t sum = 0;
  for (const uint32_t count : rle.counts) sum += count;
  const int64_t pixels = int64_t{rle.height} * rle.width;
  if (sum != static_cast<uint64_t>(pixels))
    throw IoError(fmt::format("rle: counts must sum to height * width = {}, got {}", pixels, sum));
}

Rle rle_encode(const uint8_t* mask, int height, int width, MaskOrder order) {
  Rle rle{height, width, {}};
  RunBuilder runs(rle.counts);
  if (order == MaskOrder::kRowMajor) {
    for_each_column_tile(mask, height, width, [&](const uint8_t* tile, int columns) {
      runs.append_bytes(tile, static_cast<size_t>(columns) * height);
    });
  } else {
    std::vector<uint8_t> column(height);
    for (int x = 0; x < width; ++x) {
      const uint8_t* source = mask + static_cast<size_t>(x) * height;
      for (int y = 0; y < height; ++y) column[y] = source[y] != 0;
      runs.append_bytes(column.data(), column.size());
    }
  }
  runs.finish();
  return rle;
}

Rle rle_encode_window(const uint8_t* window, int x, int y, int window_height, int window_width,
                      int height, int width) {
  if (x < 0 || y < 0 || window_height < 0 || window_width < 0 || x + window_width > width ||
      y + window_height > height)
    throw ShapeError(
        fmt::format("rle_encode_window: window must lie in the {} x {} image, got "
                    "{} x {} at ({}, {})",
                    height, width, window_height, window_width, x, y));
  Rle rle{height, width, {}};
  RunBuilder runs(rle.counts);
  const uint32_t below = static_cast<uint32_t>(height - y - window_height);
  runs.append_run(0, static_cast<uint32_t>(x) * height);
  for_each_column_tile(window, window_height, window_width, [&](const uint8_t* tile, int columns) {
    for (int c = 0; c < columns; ++c) {
      runs.append_run(0, static_cast<uint32_t>(y));
      runs.append_bytes(tile + static_cast<size_t>(c) * window_height, window_height);
      runs.append_run(0, below);
    }
  });
  runs.append_run(0, static_cast<uint32_t>(width - x - window_width) * height);
  runs.finish();
  return rle;
}

void rle_decode(RleView rle, uint8_t* mask, MaskOrder order) {
  const size_t pixels = static_cast<size_t>(rle.height) * rle.width;
  std::memset(mask, 0, pixels);
  size_t position = 0;
  bool inside = false;
  for (const uint32_t count : rle.counts) {
    if (inside && order == MaskOrder::kColumnMajor) std::memset(mask + position, 1, count);
    if (inside && count > 0 && order == MaskOrder::kRowMajor) {
      size_t x = position / rle.height, y = position % rle.height;
      for (uint32_t i = 0; i < count; ++i) {
        mask[y * rle.width + x] = 1;
        if (++y == static_cast<size_t>(rle.height)) y = 0, ++x;
      }
    }
    position += count;
    inside = !inside;
  }
}

int64_t rle_area(RleView rle) {
  int64_t area = 0;
  for (size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

RleBox rle_bounding_box(RleView rle) {
  const size_t num_ends = rle.counts.size() / 2 * 2;
  if (num_ends == 0) return {};
  const uint32_t height = static_cast<uint32_t>(rle.height);
  if (height == 0) return {};
  uint32_t x0 = static_cast<uint32_t>(rle.width), y0 = height, x1 = 0, y1 = 0;
  uint32_t begin = 0;
  for (size_t i = 0; i < num_ends; i += 2) {
    begin += rle.counts[i];
    const uint32_t last = begin + rle.counts[i + 1] - 1;
    const uint32_t begin_x = begin / height, begin_y = begin % height;
    const uint32_t last_x = last / height, last_y = last % height;
    x0 = std::min({x0, begin_x, last_x});
    x1 = std::max({x1, begin_x, last_x});
    y0 = std::min({y0, begin_y, last_y});
    y1 = std::max({y1, begin_y, last_y});
    if (begin_x < last_x) y0 = 0, y1 = height - 1;
    begin = last + 1;
  }
  return {static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1 - x0 + 1),
          static_cast<double>(y1 - y0 + 1)};
}

Rle rle_merge(std::span<const RleView> masks, RleMerge op) {
  if (masks.empty()) return {};
  Rle merged{masks[0].height, masks[0].width, {masks[0].counts.begin(), masks[0].counts.end()}};
  for (const RleView& mask : masks.subspan(1)) {
    if (mask.height != merged.height || mask.width != merged.width)
      throw ShapeError(fmt::format("rle_merge: masks must have one size, got {} x {} and {} x {}",
                                   merged.height, merged.width, mask.height, mask.width));
    merged = merge_two(merged, mask, op);
  }
  return merged;
}

RleOverlap rle_overlap(RleView first, RleView second) {
  RleOverlap overlap;
  RunCursor a(first), b(second);
  do {
    const uint32_t step = std::min(a.left, b.left);
    if (a.inside || b.inside) overlap.either += step;
    if (a.inside && b.inside) overlap.intersection += step;
    a.advance(step);
    b.advance(step);
  } while (a.left != 0 || b.left != 0);
  return overlap;
}

double rle_iou(RleView detection, RleView ground_truth, bool crowd) {
  if (!boxes_meet(rle_bounding_box(detection), rle_bounding_box(ground_truth))) return 0;
  if (detection.height != ground_truth.height || detection.width != ground_truth.width) return -1;
  const RleOverlap overlap = rle_overlap(detection, ground_truth);
  if (overlap.intersection == 0) return 0;
  return static_cast<double>(overlap.intersection) /
         static_cast<double>(crowd ? rle_area(detection) : overlap.either);
}

}  // namespace denovo
