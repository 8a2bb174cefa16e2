// Where the edges of a polygon switch pixels on and off: the boundary arithmetic of COCO's
// rasteriser (pycocotools rleFrPoly), written so that host and device share it to the last bit.
//
// The reference enlarges the polygon five times, rounds the vertices to integers, walks every edge
// one step of its longer axis at a time, and keeps the steps that pass from x = 5 c + 2 to
// x = 5 c + 3, which is the centre line of pixel column c. Each such step toggles the pixels of
// column c from some row downwards; the mask is the parity of the toggles. Between two columns
// the walk has no effect, so here only the step that crosses a centre line is computed.
// Compile with contraction off (-ffp-contract=off, --fmad=false): a fused multiply-add differs.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo {

/// A vertex in fifths of a pixel.
struct RasterPoint {
  int x, y;
};

/// trunc(5 c + 0.5), the reference's rounding; saturates at +-5e8 (where the reference overflows);
/// NaN gives the lower bound.
DENOVO_HD int raster_coordinate(double c) {
  constexpr double kLimit = 5e8;  // differences of two still fit an int
  const double scaled = 5.0 * c + 0.5;
  if (!(scaled > -kLimit)) return -static_cast<int>(kLimit);
  return static_cast<int>(scaled < kLimit ? scaled : kLimit);
}

/// True when the edge a-b crosses the centre line of a pixel column (column >= 0).
DENOVO_HD bool crosses_column(RasterPoint a, RasterPoint b, int column) {
  const int64_t left = int64_t{5} * column + 2;
  return (a.x <= left) != (b.x <= left);
}

/// First row (>= 0, not bounded above) of the pixels of `column` that the edge a-b toggles.
/// Requires crosses_column(a, b, column).
DENOVO_HD int edge_row(RasterPoint a, RasterPoint b, int column) {
  const int left = 5 * column + 2;
  const int dx = a.x < b.x ? b.x - a.x : a.x - b.x;
  const int dy = a.y < b.y ? b.y - a.y : a.y - b.y;
  int y;
  if (dx >= dy) {
    const RasterPoint start = a.x < b.x ? a : b, end = a.x < b.x ? b : a;
    const double slope = static_cast<double>(end.y - start.y) / dx;
    const int t = left - start.x;
    const int before = static_cast<int>(start.y + slope * t + 0.5);
    const int after = static_cast<int>(start.y + slope * (t + 1) + 0.5);
    y = before < after ? before : after;
  } else {
    const RasterPoint start = a.y < b.y ? a : b, end = a.y < b.y ? b : a;
    const double slope = static_cast<double>(end.x - start.x) / dy;
    // x(t) = trunc(start.x + slope t + 0.5) is monotone; the step wanted ends at the first t
    // whose x lies on the other side of the line than the start. The division lands within one.
    const bool start_left = start.x <= left;
    int t = static_cast<int>((left + 0.5 - start.x) / slope);
    t = t < 1 ? 1 : (t > dy ? dy : t);
    while (t < dy && (static_cast<int>(start.x + slope * t + 0.5) <= left) == start_left) ++t;
    while (t > 1 && (static_cast<int>(start.x + slope * (t - 1) + 0.5) <= left) != start_left) --t;
    y = start.y + t - 1;
  }
  return y <= 2 ? 0 : (y + 2) / 5;  // ceil of the row centre that lies at or above
}

/// Vertices x0, y0, x1, y1, … seen from a box: point i is
/// ((x_i - origin_x) * scale_x, (y_i - origin_y) * scale_y), computed in double.
template <typename T>
struct ScaledPolygon {
  const T* xy;
  int num_vertices;
  double origin_x = 0, origin_y = 0, scale_x = 1, scale_y = 1;

  DENOVO_HD RasterPoint operator[](int i) const {
    return {raster_coordinate((static_cast<double>(xy[2 * i]) - origin_x) * scale_x),
            raster_coordinate((static_cast<double>(xy[2 * i + 1]) - origin_y) * scale_y)};
  }
};

/// One pixel column of a polygon's mask on a grid of `height` <= 64 rows: bit y is the pixel
/// (y, column). Equal to pycocotools.mask.frPyObjects of the same vertices on that grid. The mask
/// of an instance is the OR over its polygons. Fewer than three vertices give an empty or
/// degenerate outline, never a fault. `polygon` is a ScaledPolygon or anything with
/// num_vertices and operator[] -> RasterPoint; each call reads every vertex once.
template <typename Polygon>
DENOVO_HD uint64_t polygon_column(const Polygon& polygon, int column, int height) {
  uint64_t bits = 0;
  if (polygon.num_vertices <= 0) return bits;
  RasterPoint previous = polygon[polygon.num_vertices - 1];
  for (int i = 0; i < polygon.num_vertices; ++i) {
    const RasterPoint point = polygon[i];
    if (crosses_column(previous, point, column)) {
      const int row = edge_row(previous, point, column);
      if (row < height) bits ^= ~uint64_t{0} << row;
    }
    previous = point;
  }
  return height >= 64 ? bits : bits & ((uint64_t{1} << height) - 1);
}

}  // namespace denovo
