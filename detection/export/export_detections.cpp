#include "detection/export/export_detections.h"

#include "detection/export/export_boxes.h"

namespace denovo::detection {

OnnxDetections export_detections(const OnnxScoredBoxes& found, int64_t num_classes,
                                 const TestConfig& config) {
  const auto& [scores, boxes] = found;
  OnnxGraph& graph = *scores.graph;
  const OnnxScope scope(graph, "detections");
  const auto by_class = [&](const OnnxValue& x, const std::vector<int64_t>& order) {
    return graph.node("Transpose", {x}, {{"perm", order}});
  };
  const OnnxValue kept = export_nms(by_class(boxes, {1, 0, 2}), by_class(scores, {1, 0}),
                                    config.nms_iou, static_cast<float>(config.score_threshold),
                                    config.detections_per_image);  // [n, 2]: class, proposal
  // Candidates are numbered proposal by proposal; of equal scores the lower number comes first. So
  // the best are chosen among all P K, where those that were not kept are no candidates.
  const OnnxValue candidates =
      graph.node("ReduceSum", {kept * graph.ints({1, num_classes}), graph.ints({1})},
                 {{"keepdims", int64_t{0}}});
  const OnnxValue all = graph.node("Reshape", {scores, graph.ints({-1})});
  const OnnxValue none = graph.node("ConstantOfShape", {graph.node("Shape", {all})},
                                    {{"value", Tensor::full({1}, -1, DType::kF32)}});
  const OnnxValue chosen =
      graph.node("ScatterElements", {none, candidates, export_gather(all, candidates)});
  const OnnxValue count = graph.node(
      "Min", {graph.ints({config.detections_per_image}), graph.node("Shape", {candidates})});
  const std::vector<OnnxValue> best = graph.node_of(2, "TopK", {chosen, count});
  const OnnxValue rows = graph.node("Reshape", {boxes, graph.ints({-1, 4})});
  return {export_gather(rows, best[1]), best[0],
          graph.node("Mod", {best[1], graph.number(num_classes)})};
}

}  // namespace denovo::detection
