// The overlap of two boxes as the reference computes it.
#pragma once

#include <algorithm>
#include <array>

namespace denovo::data {

/// IoU of boxes [x, y, width, height] in double, in the reference's order of operations; of a crowd
/// the part of `d` that lies in it. 0 where they do not touch.
inline double box_iou(const std::array<double, 4>& d, const std::array<double, 4>& g, bool crowd) {
  const double w = std::min(d[2] + d[0], g[2] + g[0]) - std::max(d[0], g[0]);
  if (w <= 0) return 0;
  const double h = std::min(d[3] + d[1], g[3] + g[1]) - std::max(d[1], g[1]);
  if (h <= 0) return 0;
  const double intersection = w * h, area = d[2] * d[3];
  return intersection / (crowd ? area : area + g[2] * g[3] - intersection);
}

}  // namespace denovo::data
