#include "detection/export/export_detector.h"

#include "core/error.h"
#include "core/files/json_writer.h"
#include "data/loading/input_rule.h"
#include "detection/export/export_backbone.h"
#include "detection/export/export_boxes.h"
#include "detection/export/export_detections.h"
#include "detection/export/export_rpn.h"

namespace denovo::detection {
namespace {

using Ints = std::vector<int64_t>;

std::vector<float> rounded(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// As PixelConfig::normalize: u8 [H, W, 3] -> [1, 3, H, W].
OnnxValue export_normalize(const PixelConfig& pixel, const OnnxValue& image) {
  OnnxGraph& graph = *image.graph;
  OnnxValue x = graph.cast(image, DType::kF32);
  if (pixel.channel_order == ChannelOrder::kBgr)
    x = graph.node("Gather", {x, graph.ints({2, 1, 0})}, {{"axis", int64_t{2}}});
  x = (x - graph.floats(rounded(pixel.mean))) / graph.floats(rounded(pixel.std));
  x = graph.node("Transpose", {x}, {{"perm", Ints{2, 0, 1}}});
  return graph.node("Unsqueeze", {x, graph.ints({0})});
}

/// Zeros below and to the right, up to the size that the data loader pads an image to.
/// size: i64 [2], height and width.
OnnxValue export_padding(data::Padding padding, const OnnxValue& x, const OnnxValue& size) {
  OnnxGraph& graph = *x.graph;
  constexpr int64_t kShort = data::kInputStride, kLong = data::kLongSideStep;
  const OnnxValue step =
      padding == data::Padding::kBucket
          ? graph.node("Where",
                       {graph.node("Greater", {last_axis(size, 1, 2), last_axis(size, 0, 1)}),
                        graph.ints({kShort, kLong}), graph.ints({kLong, kShort})})
          : graph.number(kShort);
  const OnnxValue one = graph.number(int64_t{1});
  const OnnxValue missing = (size + step - one) / step * step - size;
  return graph.node("Pad", {x, export_join({graph.ints({0, 0, 0, 0, 0, 0}), missing})});
}

std::string json_list(const auto& values, const auto& item) {
  JsonWriter json;
  json.begin_array();
  for (const auto& value : values) json.value(item(value));
  json.end_array();
  return json.text();
}

/// What a user of the file needs beside it.
void describe(OnnxGraph& graph, const ModelConfig& model, const InputConfig& input,
              std::span<const data::CocoCategory> categories) {
  const auto itself = [](double value) { return value; };
  graph.describe("class_names", json_list(categories, [](const auto& c) { return c.name; }));
  graph.describe("category_ids", json_list(categories, [](const auto& c) { return c.id; }));
  graph.describe("min_size", std::to_string(input.min_size_test));
  graph.describe("max_size", std::to_string(input.max_size));
  graph.describe("channel_order", choice_name(model.pixel.channel_order, kChannelOrderNames));
  graph.describe("pixel_mean", json_list(model.pixel.mean, itself));
  graph.describe("pixel_std", json_list(model.pixel.std, itself));
  graph.describe("mask_paste", choice_name(model.test.mask_paste, kMaskPasteNames));
}

}  // namespace

std::string export_detector(const MaskRcnn& model, const InputConfig& input,
                            std::span<const data::CocoCategory> categories,
                            const std::optional<data::ImageSize>& size) {
  if (model.roi_heads().instance_heads().keypoint_head())
    throw ConfigError(
        "export_onnx: must have no keypoint head, which has no form in the graph yet");
  OnnxGraph graph("detector");
  ModelWeights weights(graph, model);
  const ModelConfig& config = model.config();
  const InstanceHeads& instances = model.roi_heads().instance_heads();

  const OnnxSize height = size ? OnnxSize{int64_t{size->height}} : OnnxSize{"image_height"};
  const OnnxSize width = size ? OnnxSize{int64_t{size->width}} : OnnxSize{"image_width"};
  const OnnxValue image = graph.input("image", DType::kU8, {height, width, int64_t{3}},
                                      "RGB, resized by the rule of the metadata");
  const OnnxValue shape = last_axis(graph.node("Shape", {image}), 0, 2);
  const OnnxValue image_size = graph.cast(shape, DType::kF32);
  const OnnxValue x = export_padding(input.padding, export_normalize(config.pixel, image), shape);

  const std::vector<OnnxValue> features = export_backbone(weights, model.backbone(), x);
  const OnnxValue proposals =
      export_proposals(weights, model.rpn(), model.anchor_generator(), features, image_size);
  const OnnxScoredBoxes scored = export_scored_boxes(weights, model.roi_heads(), features,
                                                     proposals, image_size, model.num_classes());
  const OnnxDetections found = export_detections(scored, model.num_classes(), config.test);

  const OnnxSize count = "detections";
  graph.output(found.boxes, "boxes", DType::kF32, {count, int64_t{4}},
               "x0 y0 x1 y1 in pixels of the image, descending by score");
  graph.output(found.scores, "scores", DType::kF32, {count}, "probability of the class");
  graph.output(found.classes, "classes", DType::kI64, {count}, "position in class_names");
  if (instances.mask_head()) {
    const int64_t side = 2 * instances.mask_pooler().options().output_size;
    graph.output(export_mask_head(weights, instances, features, found.boxes, found.classes),
                 "masks", DType::kF32, {count, side, side}, "probability in each cell of the box");
  }
  weights.require_all();
  describe(graph, config, input, categories);
  return graph.serialize();
}

}  // namespace denovo::detection
