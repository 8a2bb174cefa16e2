// Anchor boxes of a feature pyramid.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Most sizes x ratios at one cell.
inline constexpr int kMaxAnchorsPerCell = 32;

struct AnchorOptions {
  std::vector<double> ratios = {0.5, 1, 2};  // height / width
  /// Cell anchors rounded to integers (half to even), as torchvision's; exact as in detectron2.
  bool rounded = false;
  /// Where in its cell an anchor is centred, in strides: 0 as in detectron2 and torchvision.
  double offset = 0;
};

/// One level: the size of its feature map, pixels between cells, anchor sizes (sqrt of area).
struct AnchorLevel {
  int64_t height = 0, width = 0;
  double stride_y = 1, stride_x = 1;
  std::vector<double> sizes;
};

/// Anchors around the origin, [x0, y0, x1, y1] in pixels, ratios running fastest:
///   width = size / sqrt(ratio), height = ratio * width, corners = -+ half of each.
std::vector<std::array<double, 4>> cell_anchors(std::span<const double> sizes,
                                                const AnchorOptions& options);

/// The cell anchors at every cell of every level, centred at
///   ((x + offset) stride_x, (y + offset) stride_y);
/// anchors that leave the image are kept.
///
///   returns  [M, 4] of dtype (f32 or f64) in the order level, y, x, anchor; M = sum of h w A
///
/// No gradient. Throws ShapeError when a level has more than kMaxAnchorsPerCell or no anchors, and
/// on sizes, ratios or strides that are not positive.
Tensor grid_anchors(std::span<const AnchorLevel> levels, const AnchorOptions& options, DType dtype,
                    Device device = kCpu);

}  // namespace denovo::ops
