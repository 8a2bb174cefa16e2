// Where a run-length mask of the original image covers a point of the resized image.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

struct RunMask {
  const int32_t* ends;
  int num_runs;
  int height, width;
  double scale_x, scale_y;

  /// Runs alternate and begin with zeros, so a pixel is inside when an odd number ended before it.
  DENOVO_HD bool covers(double x, double y) const {
    x /= scale_x;
    y /= scale_y;
    if (!(x >= 0 && x < width && y >= 0 && y < height)) return false;
    const int64_t pixel = static_cast<int64_t>(x) * height + static_cast<int64_t>(y);
    int low = 0, high = num_runs;  // the first run that ends behind the pixel
    while (low < high) {
      const int middle = (low + high) / 2;
      if (ends[middle] <= pixel) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low & 1;
  }
};

/// One column of the target over a box: bit y is cell (y, column) of a size x size grid. Over a
/// flipped image the grid begins on the right, and its cells have a negative width.
struct RunTarget {
  static constexpr int kPoints = 4;  // per side of a cell
  RunMask mask;
  double x0, y0, cell_width, cell_height;

  DENOVO_HD bool covers_cell(int y, int column) const {
    int inside = 0;
    for (int i = 0; i < kPoints; ++i) {
      const double point_x = x0 + (column + (i + 0.5) / kPoints) * cell_width;
      for (int j = 0; j < kPoints; ++j) {
        const double point_y = y0 + (y + (j + 0.5) / kPoints) * cell_height;
        inside += mask.covers(point_x, point_y);
      }
    }
    return 2 * inside >= kPoints * kPoints;
  }
  DENOVO_HD uint64_t column_bits(int column, int size) const {
    uint64_t bits = 0;
    for (int y = 0; y < size; ++y) bits |= static_cast<uint64_t>(covers_cell(y, column)) << y;
    return bits;
  }
};

}  // namespace denovo::ops
