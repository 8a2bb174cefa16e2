// What an input shows of an image's objects.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "data/coco/dataset.h"
#include "data/loading/point_map.h"

namespace denovo::data {

/// x0, y0, x1, y1 in pixels of the network input.
using InputBox = std::array<double, 4>;

struct VisibleObject {
  int annotation = 0;  // index in the data set
  InputBox box{};
};

/// The instances with the boxes that they have in an input. Without a crop those are the file's,
/// cut at the image's edges. A crop leaves out objects that it shows nothing of: whose box is not
/// higher and wider than 1e-5 pixels (detectron2's filter_empty_instances). One that it cuts has
/// the box around what is left of its mask, exactly, of polygons and of the pixels of run lengths
/// (detectron2's recompute_boxes); without a mask, or where `masks` is false, what is left of its
/// box.
std::vector<VisibleObject> visible_objects(const CocoDataset& dataset,
                                           std::span<const int> instances, const PointMap& map,
                                           bool masks);

/// The box around what [0, width] x [0, height] shows of a polygon x0, y0, x1, y1, ... (its inside
/// by the even-odd rule); x1 < x0 where that is nothing.
InputBox box_of_clipped_polygon(std::span<const double> xy, double width, double height);

}  // namespace denovo::data
