#include "detection/export/export_scored_boxes.h"

#include <fmt/format.h>

#include "core/error.h"
#include "detection/export/export_boxes.h"
#include "detection/roi_heads/cascade_heads.h"
#include "detection/roi_heads/standard_heads.h"

namespace denovo::detection {
namespace {

/// boxes [P, 4] moved by deltas [P, B, 4] and clipped: [P, B, 4].
OnnxValue export_moved_boxes(const OnnxValue& boxes, const OnnxValue& deltas,
                             const ops::BoxWeights& weights, const OnnxValue& image_size) {
  OnnxGraph& graph = *boxes.graph;
  return export_clip_boxes(
      export_decode_boxes(graph.node("Unsqueeze", {boxes, graph.ints({1})}), deltas, weights),
      image_size);
}

OnnxScoredBoxes export_standard(ModelWeights& weights, const StandardHeads& heads,
                                const std::vector<OnnxValue>& features, const OnnxValue& proposals,
                                const OnnxValue& image_size, int64_t num_classes) {
  OnnxGraph& graph = weights.graph();
  const OnnxBoxPredictions predictions = export_box_head(
      weights, heads.box_pooler(), heads.box_head(), heads.box_predictor(), features, proposals);
  const OnnxScope scope(graph, "detections");
  const OnnxValue probabilities = graph.node("Softmax", {predictions.logits});
  const OnnxValue scores = last_axis(probabilities, 0, num_classes);
  return {scores, export_moved_boxes(proposals, predictions.deltas, kBoxWeights, image_size)};
}

OnnxScoredBoxes export_cascade(ModelWeights& weights, const CascadeHeads& heads,
                               const std::vector<OnnxValue>& features, const OnnxValue& proposals,
                               const OnnxValue& image_size, int64_t num_classes) {
  OnnxGraph& graph = weights.graph();
  OnnxValue boxes = proposals, moved, sum;
  for (size_t stage = 0; stage < heads.num_stages(); ++stage) {
    const OnnxScope scope(graph, fmt::format("stage{}", stage));
    if (stage > 0) boxes = graph.node("Reshape", {moved, graph.ints({-1, 4})});
    const OnnxBoxPredictions predictions =
        export_box_head(weights, heads.box_pooler(), heads.box_head(stage),
                        heads.box_predictor(stage), features, boxes);
    const OnnxValue probabilities = graph.node("Softmax", {predictions.logits});
    sum = stage == 0 ? probabilities : sum + probabilities;
    moved = export_moved_boxes(boxes, predictions.deltas, heads.weights(stage), image_size);
  }
  const auto share = static_cast<float>(1.0 / static_cast<double>(heads.num_stages()));
  return {last_axis(sum * graph.number(share), 0, num_classes),
          graph.node("Expand", {moved, graph.ints({1, num_classes, 1})})};
}

}  // namespace

OnnxScoredBoxes export_scored_boxes(ModelWeights& weights, const RoiHeads& heads,
                                    const std::vector<OnnxValue>& features,
                                    const OnnxValue& proposals, const OnnxValue& image_size,
                                    int64_t num_classes) {
  if (const auto* cascade = dynamic_cast<const CascadeHeads*>(&heads))
    return export_cascade(weights, *cascade, features, proposals, image_size, num_classes);
  if (const auto* standard = dynamic_cast<const StandardHeads*>(&heads))
    return export_standard(weights, *standard, features, proposals, image_size, num_classes);
  throw InternalError("export: these RoI heads have no form in the graph");
}

}  // namespace denovo::detection
