// The COCO annotations of a drawn scene.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/raster/rle.h"
#include "data/shapes/render.h"

namespace denovo::data {

struct ShapeAnnotation {
  int class_index = 0;
  bool is_crowd = false;
  int64_t area = 0;                           // visible pixels
  std::array<int, 4> bbox{};                  // x, y, width, height of the visible pixels
  std::vector<std::vector<double>> polygons;  // of an instance
  Rle rle;                                    // of a crowd
  // x, y, v of each of kCornerNames (corners.h), as COCO has them; of a crowd all 0, 0, 0. Corners
  // that are hidden and far from the box are missing.
  std::vector<double> keypoints;
};

/// One per instance that shows, in the scene's order. Masks are what is visible; specks of fewer
/// than 8 pixels that occlusion cuts off are left out, as annotators do.
std::vector<ShapeAnnotation> annotate(const Scene& scene, const Rendering& rendering);

}  // namespace denovo::data
