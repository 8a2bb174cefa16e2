// RoIAlign over the levels of a pyramid, or over one map, as nodes.
#pragma once

#include "detection/export/export_layers.h"
#include "detection/roi_heads/pooler.h"

namespace denovo::detection {

/// As Pooler::forward of the one image: boxes [R, 4] -> [R, C, S, S].
OnnxMaps export_pooler(const Pooler& pooler, const std::vector<OnnxValue>& features,
                       const OnnxValue& boxes);

/// The areas in pixels, ascending, from which on boxes read the second, third, … of `count` levels,
/// the first of which has the stride 2^first: exactly where ops::roi_align changes the level.
std::vector<float> level_areas(int count, int first, const ops::RoiAlignOptions& options);

}  // namespace denovo::detection
