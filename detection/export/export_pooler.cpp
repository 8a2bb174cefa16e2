#include "detection/export/export_pooler.h"

#include <bit>
#include <limits>

#include "detection/export/export_boxes.h"
#include "nn/backbone/fpn.h"
#include "ops/roi_align/roi_align_math.h"

namespace denovo::detection {
namespace {

/// Which of the boxes read each level: i64 [R_l].
std::vector<OnnxValue> rows_of_levels(const OnnxValue& boxes, const std::vector<float>& areas) {
  OnnxGraph& graph = *boxes.graph;
  if (areas.empty()) {  // one map, which all of them read
    const OnnxValue count =
        graph.node("Gather", {graph.node("Shape", {boxes}), graph.number(int64_t{0})});
    return {graph.node("Range", {graph.number(int64_t{0}), count, graph.number(int64_t{1})})};
  }
  const OnnxValue area = graph.node("ReduceProd", {box_sides(boxes)},
                                    {{"axes", std::vector<int64_t>{-1}}, {"keepdims", int64_t{0}}});
  std::vector<OnnxValue> rows;
  for (size_t level = 0; level <= areas.size(); ++level) {
    OnnxValue here;
    if (level > 0) here = graph.node("GreaterOrEqual", {area, graph.number(areas[level - 1])});
    if (level < areas.size()) {
      const OnnxValue below = graph.node("Less", {area, graph.number(areas[level])});
      here = here.defined() ? graph.node("And", {here, below}) : below;
    }
    rows.push_back(graph.node("Reshape", {graph.node("NonZero", {here}), graph.ints({-1})}));
  }
  return rows;
}

}  // namespace

std::vector<float> level_areas(int count, int first, const ops::RoiAlignOptions& options) {
  ops::RoiLevels<float> levels{};
  levels.count = count;
  levels.first = first;
  const auto level_of = [&](uint32_t bits) {
    const float box[4] = {0, 0, std::bit_cast<float>(bits), 1};
    return ops::roi_level(box, levels, options);
  };
  std::vector<float> areas;
  for (int level = 1; level < count; ++level) {
    // The level never falls as the area grows, and positive floats are ordered as their bits.
    uint32_t below = 0, from = std::bit_cast<uint32_t>(std::numeric_limits<float>::max());
    while (from - below > 1) {
      const uint32_t middle = below + (from - below) / 2;
      (level_of(middle) >= level ? from : below) = middle;
    }
    areas.push_back(std::bit_cast<float>(from));
  }
  return areas;
}

OnnxMaps export_pooler(const Pooler& pooler, const std::vector<OnnxValue>& features,
                       const OnnxValue& boxes) {
  OnnxGraph& graph = *boxes.graph;
  const OnnxScope scope(graph, "roi_align");
  const ops::RoiAlignOptions& options = pooler.options();
  const std::vector<double>& strides = pooler.strides();
  const auto count = static_cast<int>(strides.size());
  const std::vector<OnnxValue> rows = rows_of_levels(
      boxes, level_areas(count, nn::pyramid_level(static_cast<int>(strides.front())), options));
  std::vector<OnnxValue> pooled;
  for (size_t level = 0; level < strides.size(); ++level) {
    const OnnxValue image = graph.node("ConstantOfShape", {graph.node("Shape", {rows[level]})},
                                       {{"value", Tensor::zeros({1}, DType::kI64)}});
    pooled.push_back(graph.node(
        "RoiAlign", {features[level], export_gather(boxes, rows[level]), image},
        {{"coordinate_transformation_mode", options.aligned ? "half_pixel" : "output_half_pixel"},
         {"output_height", int64_t{options.output_size}},
         {"output_width", int64_t{options.output_size}},
         {"sampling_ratio", int64_t{options.sampling_ratio}},
         {"spatial_scale", static_cast<float>(1 / strides[level])}}));
  }
  // Level by level, then back into the order of the boxes.
  const OnnxValue order = export_join(rows), shape = graph.node("Shape", {order});
  const OnnxValue slots = graph.node(
      "Range",
      {graph.number(int64_t{0}), graph.node("Squeeze", {shape}), graph.number(int64_t{1})});
  const OnnxValue back = graph.node("ScatterElements", {order, order, slots});
  return {export_gather(export_join(pooled), back), options.output_size};
}

}  // namespace denovo::detection
