// Polygons to run-length masks, byte-equal to pycocotools' frPyObjects on every legal polygon.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/raster/rle.h"

namespace denovo {

/// Vertices beyond this are refused: the reference's walk would not fit its integers.
inline constexpr double kMaxPolygonCoordinate = 5e7;

/// The mask of one closed polygon x0, y0, x1, y1, … on a height x width image; coordinates in
/// pixels, pixel centres at +0.5, parts outside are cut off. The last number of an odd list is
/// dropped; fewer than three vertices give an empty mask. Throws IoError on a coordinate that is
/// not finite or beyond kMaxPolygonCoordinate, and on a mask size that is not legal (an image
/// without pixels included).
Rle rle_from_polygon(std::span<const double> xy, int height, int width);

/// Union of the polygons of one instance, which lie in `xy` after each other; sizes[i] is how many
/// numbers polygon i has. No polygon gives an empty mask.
Rle rle_from_polygons(std::span<const double> xy, std::span<const uint32_t> sizes, int height,
                      int width);

}  // namespace denovo
