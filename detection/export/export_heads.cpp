#include "detection/export/export_heads.h"

#include "detection/export/export_pooler.h"

namespace denovo::detection {

OnnxBoxPredictions export_box_head(ModelWeights& weights, const Pooler& pooler, const BoxHead& head,
                                   const BoxPredictor& predictor,
                                   const std::vector<OnnxValue>& features, const OnnxValue& boxes) {
  OnnxGraph& graph = weights.graph();
  const OnnxScope scope(graph, "boxes");
  OnnxMaps maps = export_pooler(pooler, features, boxes);
  for (const auto& conv : head.convs()) maps = export_conv_norm(weights, *conv, maps);
  OnnxValue y = graph.node("Flatten", {maps.value});
  for (const auto& fc : head.fcs()) y = export_linear(weights, *fc, y);
  const int64_t num_boxes = predictor.bbox_pred().bias().numel() / 4;
  const OnnxValue deltas = export_linear(weights, predictor.bbox_pred(), y);
  return {export_linear(weights, predictor.cls_score(), y),
          graph.node("Reshape", {deltas, graph.ints({-1, num_boxes, 4})})};
}

OnnxValue export_mask_head(ModelWeights& weights, const InstanceHeads& heads,
                           const std::vector<OnnxValue>& features, const OnnxValue& boxes,
                           const OnnxValue& classes) {
  OnnxGraph& graph = weights.graph();
  const OnnxScope scope(graph, "masks");
  const MaskHead& head = *heads.mask_head();
  OnnxMaps maps = export_pooler(heads.mask_pooler(), features, boxes);
  for (const auto& conv : head.convs()) maps = export_conv_norm(weights, *conv, maps);
  const OnnxValue logits =
      export_conv_norm(weights, head.predictor(), export_deconv(weights, head.deconv(), maps))
          .value;
  const OnnxValue own =
      graph.node("GatherND", {logits, graph.node("Unsqueeze", {classes, graph.ints({1})})},
                 {{"batch_dims", int64_t{1}}});
  return graph.node("Sigmoid", {own});
}

}  // namespace denovo::detection
