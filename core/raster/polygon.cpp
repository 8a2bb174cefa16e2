#include "core/raster/polygon.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/raster/polygon_edge.h"

namespace denovo {
namespace {

void check_polygon(std::span<const double> xy, int height, int width) {
  check_mask_size(height, width);
  if (height == 0 || width == 0)
    throw IoError(fmt::format("polygon: the image must have pixels, got {} x {}", height, width));
  for (size_t i = 0; i < xy.size(); ++i)
    if (!(std::fabs(xy[i]) <= kMaxPolygonCoordinate))
      throw IoError(fmt::format("polygon: number {} must be finite and at most {} in size, got {}",
                                i, kMaxPolygonCoordinate, xy[i]));
}

/// Appends the column-major pixel positions at which the mask changes because of the edge a-b.
void append_toggles(RasterPoint a, RasterPoint b, int height, int width,
                    std::vector<uint32_t>& toggles) {
  const int low = std::min(a.x, b.x), high = std::max(a.x, b.x);
  if (high <= 2) return;
  const int first = low <= 2 ? 0 : (low + 2) / 5;        // smallest c with 5 c + 2 >= low
  const int last = std::min((high - 3) / 5, width - 1);  // largest c with 5 c + 3 <= high
  for (int column = first; column <= last; ++column)
    toggles.push_back(static_cast<uint32_t>(column) * height +
                      std::min(edge_row(a, b, column), height));
}

/// Runs between the positions that were toggled an odd number of times.
Rle runs_between(std::vector<uint32_t>& toggles, int height, int width) {
  std::sort(toggles.begin(), toggles.end());
  Rle rle{height, width, {}};
  const uint32_t end = static_cast<uint32_t>(height) * width;
  uint32_t position = 0;
  for (size_t i = 0; i < toggles.size();) {
    size_t next = i + 1;
    while (next < toggles.size() && toggles[next] == toggles[i]) ++next;
    if ((next - i) % 2 == 1 && toggles[i] < end) {
      rle.counts.push_back(toggles[i] - position);
      position = toggles[i];
    }
    i = next;
  }
  rle.counts.push_back(end - position);
  return rle;
}

}  // namespace

Rle rle_from_polygon(std::span<const double> xy, int height, int width) {
  check_polygon(xy, height, width);
  const ScaledPolygon<double> polygon{xy.data(), static_cast<int>(xy.size() / 2)};
  std::vector<uint32_t> toggles;
  if (polygon.num_vertices > 0) {
    RasterPoint previous = polygon[polygon.num_vertices - 1];
    for (int i = 0; i < polygon.num_vertices; ++i) {
      const RasterPoint point = polygon[i];
      append_toggles(previous, point, height, width, toggles);
      previous = point;
    }
  }
  return runs_between(toggles, height, width);
}

Rle rle_from_polygons(std::span<const double> xy, std::span<const uint32_t> sizes, int height,
                      int width) {
  std::vector<Rle> parts;
  size_t begin = 0;
  for (const uint32_t size : sizes) {
    parts.push_back(rle_from_polygon(xy.subspan(begin, size), height, width));
    begin += size;
  }
  if (parts.empty()) return rle_from_polygon({}, height, width);
  if (parts.size() == 1) return std::move(parts.front());
  return rle_merge(std::vector<RleView>(parts.begin(), parts.end()), RleMerge::kUnion);
}

}  // namespace denovo
