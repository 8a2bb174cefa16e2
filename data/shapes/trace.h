// Masks to COCO polygons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace denovo::data {

/// A mask of height x width bytes, non-zero = inside.
struct MaskView {
  const uint8_t* pixels;
  int height, width;

  bool inside(int y, int x) const {
    return y >= 0 && y < height && x >= 0 && x < width &&
           pixels[static_cast<size_t>(y) * width + x] != 0;
  }
};

/// Polygons x0, y0, x1, y1, ... whose union, drawn by COCO's rules (rle_from_polygons), has an IoU
/// of at least kTraceIou with the mask; coordinates are pixel edges, multiples of 0.5.
/// Parts that touch only at a corner become polygons of their own. COCO fills the union of an
/// instance's polygons, so a hole cannot be one of them: it is joined to the outline by a slit of
/// no width, walked once in each direction. Simplified to a tolerance that the IoU allows.
/// An empty mask gives no polygon.
std::vector<std::vector<double>> trace_polygons(MaskView mask);

inline constexpr double kTraceIou = 0.96;  // the promised 0.95 and some room

}  // namespace denovo::data
