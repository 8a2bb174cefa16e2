#include "detection/export/export_rpn.h"

#include <fmt/format.h>

#include <limits>

#include "detection/export/export_boxes.h"
#include "ops/anchors/anchors.h"

namespace denovo::detection {
namespace {

/// A map [1, n A, h, w] as rows [h w A, n] or, for n = 1, as [h w A].
OnnxValue rows_of(const OnnxValue& map, int64_t n) {
  OnnxGraph& graph = *map.graph;
  const OnnxValue last =
      graph.node("Transpose", {map}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  return graph.node("Reshape", {last, n == 1 ? graph.ints({-1}) : graph.ints({-1, n})});
}

/// 0, stride, 2 stride, … as f32 for the cells along an axis of a map.
OnnxValue positions(const OnnxValue& map, int64_t axis, int stride) {
  OnnxGraph& graph = *map.graph;
  const OnnxValue cells = graph.node("Gather", {graph.node("Shape", {map}), graph.number(axis)});
  const OnnxValue indices =
      graph.node("Range", {graph.number(int64_t{0}), cells, graph.number(int64_t{1})});
  return graph.cast(indices, DType::kF32) * graph.number(static_cast<float>(stride));
}

/// The anchors of a level [h w A, 4], made of the size of its map: any image size will do.
OnnxValue export_anchors(const AnchorGenerator& anchors, size_t level, const OnnxValue& map) {
  OnnxGraph& graph = *map.graph;
  const AnchorConfig& config = anchors.config();
  const int stride = anchors.strides()[level];
  const auto cells =
      ops::cell_anchors(anchors.sizes(level), {.ratios = config.ratios, .rounded = config.rounded});
  std::vector<float> corners;
  for (const auto& cell : cells)
    for (const double corner : cell) corners.push_back(static_cast<float>(corner));
  const auto along = [&](int64_t axis, const std::vector<int64_t>& shape,
                         const std::vector<float>& coordinates) {
    return graph.node("Reshape", {positions(map, axis, stride), graph.ints(shape)}) *
           graph.floats(coordinates);
  };
  const OnnxValue centers =
      along(2, {-1, 1, 1, 1}, {0, 1, 0, 1}) + along(3, {1, -1, 1, 1}, {1, 0, 1, 0});
  const OnnxValue all =
      centers + graph.floats(corners, {static_cast<int64_t>(cells.size()), 4});  // [h, w, A, 4]
  return graph.node("Reshape", {all, graph.ints({-1, 4})});
}

struct LevelProposals {
  OnnxValue boxes, scores;
};

/// The best of a level after suppression, descending.
LevelProposals export_level(const RpnConfig& config, const OnnxValue& logits,
                            const OnnxValue& deltas, const OnnxValue& anchors,
                            const OnnxValue& image_size) {
  OnnxGraph& graph = *logits.graph;
  const std::vector<OnnxValue> best = export_best(logits, config.pre_nms_topk_test);
  const OnnxValue& scores = best[0];
  const OnnxValue boxes =
      export_clip_boxes(export_decode_boxes(export_gather(anchors, best[1]),
                                            export_gather(deltas, best[1]), kRpnWeights),
                        image_size);
  // What is too narrow or too low falls below every score.
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const OnnxValue shortest =
      graph.node("ReduceMin", {box_sides(boxes)},
                 {{"axes", std::vector<int64_t>{-1}}, {"keepdims", int64_t{0}}});
  const OnnxValue is_large =
      graph.node("Greater", {shortest, graph.number(static_cast<float>(config.min_size))});
  const OnnxValue candidates = graph.node("Where", {is_large, scores, graph.number(-kInfinity)});
  const auto one_group = [&](const OnnxValue& x) {
    return graph.node("Unsqueeze", {x, graph.ints({0})});
  };
  const OnnxValue kept =
      export_nms(one_group(boxes), one_group(candidates), config.nms_iou,
                 std::numeric_limits<float>::lowest(), config.post_nms_topk_test);
  const OnnxValue rows = graph.node("Reshape", {last_axis(kept, 1, 2), graph.ints({-1})});
  return {export_gather(boxes, rows), export_gather(scores, rows)};
}

}  // namespace

OnnxValue export_proposals(ModelWeights& weights, const Rpn& rpn, const AnchorGenerator& anchors,
                           const std::vector<OnnxValue>& features, const OnnxValue& image_size) {
  OnnxGraph& graph = weights.graph();
  const OnnxScope scope(graph, "proposals");
  const RpnHead& head = rpn.head();
  std::vector<OnnxValue> boxes, scores;
  for (size_t level = 0; level < features.size(); ++level) {
    const int stride = anchors.strides()[level];
    const OnnxScope level_scope(graph, fmt::format("stride_{}", stride));
    OnnxMaps hidden{features[level]};
    for (const auto& conv : head.convs()) hidden = export_conv_norm(weights, *conv, hidden);
    const OnnxValue logits = export_conv_norm(weights, head.objectness_logits(), hidden).value;
    const OnnxValue deltas = export_conv_norm(weights, head.anchor_deltas(), hidden).value;
    const LevelProposals proposals =
        export_level(rpn.config(), rows_of(logits, 1), rows_of(deltas, 4),
                     export_anchors(anchors, level, logits), image_size);
    boxes.push_back(proposals.boxes);
    scores.push_back(proposals.scores);
  }
  const std::vector<OnnxValue> best =
      export_best(export_join(scores), rpn.config().post_nms_topk_test);
  return export_gather(export_join(boxes), best[1]);
}

}  // namespace denovo::detection
