#include "detection/export/export_boxes.h"

#include <cmath>

namespace denovo::detection {

OnnxValue last_axis(const OnnxValue& x, int64_t begin, int64_t end) {
  OnnxGraph& graph = *x.graph;
  return graph.node("Slice", {x, graph.ints({begin}), graph.ints({end}), graph.ints({-1})});
}

OnnxValue box_sides(const OnnxValue& boxes) {
  return last_axis(boxes, 2, 4) - last_axis(boxes, 0, 2);
}

OnnxValue export_decode_boxes(const OnnxValue& boxes, const OnnxValue& deltas,
                              const ops::BoxWeights& weights) {
  OnnxGraph& graph = *boxes.graph;
  const auto pair = [&](double x, double y) {
    return graph.floats({static_cast<float>(x), static_cast<float>(y)});
  };
  const OnnxValue half = graph.number(0.5f);
  const OnnxValue sides = box_sides(boxes);
  const OnnxValue center = last_axis(boxes, 0, 2) + half * sides;
  const OnnxValue moved = last_axis(deltas, 0, 2) / pair(weights.x, weights.y) * sides + center;
  const OnnxValue log_scale =
      graph.node("Min", {last_axis(deltas, 2, 4) / pair(weights.w, weights.h),
                         graph.number(static_cast<float>(ops::kMaxLogScale))});
  const OnnxValue half_sides = half * (graph.node("Exp", {log_scale}) * sides);
  return graph.node("Concat", {moved - half_sides, moved + half_sides}, {{"axis", int64_t{-1}}});
}

OnnxValue export_clip_boxes(const OnnxValue& boxes, const OnnxValue& size) {
  OnnxGraph& graph = *boxes.graph;
  const OnnxValue limits = graph.node("Gather", {size, graph.ints({1, 0, 1, 0})});
  return graph.node("Min", {graph.node("Max", {boxes, graph.number(0.f)}), limits});
}

OnnxValue export_nms(const OnnxValue& boxes, const OnnxValue& scores, double iou_threshold,
                     float lowest_score, int64_t max_output) {
  OnnxGraph& graph = *boxes.graph;
  // In f32 an IoU exceeds the threshold if it exceeds the largest f32 that is not above it.
  auto threshold = static_cast<float>(iou_threshold);
  if (threshold > iou_threshold) threshold = std::nextafter(threshold, -1.f);
  // Groups are the operation's images, since each has boxes of its own; it takes corners in either
  // order of the axes, and returns image, class and index.
  const OnnxValue kept =
      graph.node("NonMaxSuppression", {boxes, graph.node("Unsqueeze", {scores, graph.ints({1})}),
                                       graph.ints({max_output}), graph.floats({threshold}),
                                       graph.floats({lowest_score})});
  return graph.node("Gather", {kept, graph.ints({0, 2})}, {{"axis", int64_t{1}}});
}

std::vector<OnnxValue> export_best(const OnnxValue& scores, int64_t k) {
  OnnxGraph& graph = *scores.graph;
  return graph.node_of(
      2, "TopK", {scores, graph.node("Min", {graph.ints({k}), graph.node("Shape", {scores})})});
}

OnnxValue export_gather(const OnnxValue& x, const OnnxValue& rows) {
  return x.graph->node("Gather", {x, rows});
}

OnnxValue export_join(const std::vector<OnnxValue>& parts) {
  return parts.front().graph->node("Concat", parts, {{"axis", int64_t{0}}});
}

}  // namespace denovo::detection
