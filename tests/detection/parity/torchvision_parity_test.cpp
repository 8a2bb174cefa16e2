// The whole model against torchvision's Mask R-CNN R50-FPN with frozen batch norm
// (tests/oracles/torchvision_parity.py): the same 44 million weights, drawn by one formula under
// torchvision's names, in f32. The reference is a float64 run; two f32 runs differ from it by about
// 1e-5 of a tensor's largest value at the end of the network, and every decision on the way keeps a
// margin several times as wide.

#include "core/autograd/autograd.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/parity/formula.h"
#include "detection/parity/reference_file.h"
#include "detection/roi_heads/standard_heads.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

constexpr int kNumClasses = 90;
constexpr double kTolerance = 1e-4;
constexpr int kSalt = 9;

const testing::ReferenceFile& reference() {
  static const testing::ReferenceFile file("torchvision_parity.safetensors");
  return file;
}

ModelConfig torchvision_r50_fpn() {
  ModelConfig config;
  config.backbone.norm = nn::NormKind::kFrozenBatchNorm;
  config.backbone.fpn_norm = nn::NormKind::kNone;
  config.anchors.rounded = true;
  config.rpn.pre_nms_topk_test = 40;
  config.rpn.post_nms_topk_test = 80;
  config.rpn.min_size = 1e-3;
  config.pooler.sampling_ratio = 2;
  config.pooler.aligned = false;
  config.box.convs = 0;
  config.box.fcs = 2;
  config.box.norm = nn::NormKind::kNone;
  config.mask.norm = nn::NormKind::kNone;
  config.test.detections_per_image = 30;
  return config;
}

/// Our name to torchvision's, first the exact pieces of one place, then the numbered ones.
std::string torchvision_name(std::string name) {
  static const std::vector<std::pair<std::string, std::string>> pieces{
      {"bottom_up.stem.conv1.norm.", "body.bn1."},
      {"bottom_up.stem.", "body."},
      {"bottom_up.res2", "body.layer1"},
      {"bottom_up.res3", "body.layer2"},
      {"bottom_up.res4", "body.layer3"},
      {"bottom_up.res5", "body.layer4"},
      {"shortcut.norm.", "downsample.1."},
      {"shortcut.", "downsample.0."},
      {".conv1.norm.", ".bn1."},
      {".conv2.norm.", ".bn2."},
      {".conv3.norm.", ".bn3."},
      {"fpn_lateral2.", "fpn.inner_blocks.0.0."},
      {"fpn_lateral3.", "fpn.inner_blocks.1.0."},
      {"fpn_lateral4.", "fpn.inner_blocks.2.0."},
      {"fpn_lateral5.", "fpn.inner_blocks.3.0."},
      {"fpn_output2.", "fpn.layer_blocks.0.0."},
      {"fpn_output3.", "fpn.layer_blocks.1.0."},
      {"fpn_output4.", "fpn.layer_blocks.2.0."},
      {"fpn_output5.", "fpn.layer_blocks.3.0."},
      {"proposal_generator.rpn_head.conv.", "rpn.head.conv.0.0."},
      {"proposal_generator.rpn_head.objectness_logits.", "rpn.head.cls_logits."},
      {"proposal_generator.rpn_head.anchor_deltas.", "rpn.head.bbox_pred."},
      {"box_head.fc1.", "box_head.fc6."},
      {"box_head.fc2.", "box_head.fc7."},
      {"mask_head.mask_fcn1.", "mask_head.0.0."},
      {"mask_head.mask_fcn2.", "mask_head.1.0."},
      {"mask_head.mask_fcn3.", "mask_head.2.0."},
      {"mask_head.mask_fcn4.", "mask_head.3.0."},
      {"mask_head.deconv.", "mask_predictor.conv5_mask."},
      {"mask_head.predictor.", "mask_predictor.mask_fcn_logits."}};
  for (const auto& [ours, theirs] : pieces) {
    const size_t at = name.find(ours);
    if (at != std::string::npos) name.replace(at, ours.size(), theirs);
  }
  return name;
}

/// The oracle's gain of a weight: what keeps activations and logits in range.
double gain(const std::string& name) {
  static const std::vector<std::pair<std::string, double>> gains{
      {"backbone.body", std::sqrt(2.0)}, {"backbone.fpn", 0.7},
      {"rpn.head.cls_logits", 1.0},      {"rpn.head.bbox_pred", 0.3},
      {"box_predictor.cls_score", 5.0},  {"box_predictor.bbox_pred", 1.0},
      {"mask_fcn_logits", 2.0},          {"", std::sqrt(2.0)}};
  for (const auto& [part, value] : gains) {
    if (name.find(part) != std::string::npos) return value;
  }
  return 1;
}

/// A tensor of torchvision's state dict.
Tensor torchvision_weight(const std::string& name, const Shape& shape) {
  double offset = 0, scale = 0.1;
  if (name.ends_with("running_var")) {
    offset = 1;
  } else if (name.ends_with("bias") || name.ends_with("running_mean")) {
    offset = 0;
  } else if (name.ends_with("bn3.weight")) {
    offset = 0.25;
    scale = 0.05;
  } else if (shape.rank() == 1) {
    offset = 1;
  } else {
    const bool transposed = name.find("conv5_mask") != std::string::npos;
    const int64_t fan_in = transposed ? shape[0] : shape.numel() / shape[0];
    scale = gain(name) * std::sqrt(3.0 / static_cast<double>(fan_in));
  }
  return testing::drawn(name, shape, offset, scale, DType::kF32);
}

/// torchvision's rows for background come first; here that class is the last of the scores and
/// absent elsewhere.
Tensor import(const std::string& ours, const Shape& shape) {
  const std::string name = torchvision_name(ours);
  int64_t background = 0;  // rows of it
  if (name.find("cls_score") != std::string::npos ||
      name.find("mask_fcn_logits") != std::string::npos)
    background = 1;
  if (name.find("bbox_pred") != std::string::npos && name.starts_with("roi_heads")) background = 4;
  if (background == 0) return torchvision_weight(name, shape);

  const bool keeps_background = name.find("cls_score") != std::string::npos;
  const int64_t rows = shape[0] + (keeps_background ? 0 : background);
  const Tensor whole = torchvision_weight(name, shape.with(0, rows));
  const Tensor result = Tensor::empty(shape, DType::kF32);
  const int64_t foreground = rows - background;
  copy(result.rows(0, foreground), whole.rows(background, rows));
  if (keeps_background) copy(result.rows(foreground, shape[0]), whole.rows(0, background));
  return result;
}

ImageBatch images() {
  const int64_t height = 256, width = 320;
  const std::vector<int32_t> sizes{256, 320, 224, 288};
  const Tensor pixels = Tensor::zeros({2, height, width, 3}, DType::kF32);
  for (size_t n = 0; n < 2; ++n) {
    float* image = pixels.data<float>() + static_cast<int64_t>(n) * height * width * 3;
    std::vector<std::pair<int64_t, uint64_t>> scales;  // cell side, hash
    for (const int64_t cell : {64, 16, 4, 1})
      scales.emplace_back(cell, testing::fnv1a64(fmt::format("image{}.{}.{}", kSalt, n, cell)));
    const double amplitudes[] = {0.8, 0.6, 0.4, 0.2};
    for (int64_t y = 0; y < sizes[2 * n]; ++y) {
      for (int64_t x = 0; x < sizes[2 * n + 1]; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          double sum = 0;
          for (size_t s = 0; s < scales.size(); ++s) {
            const auto [cell, hash] = scales[s];
            const int64_t index = (y / cell * (width / cell) + x / cell) * 3 + c;
            sum += amplitudes[s] * testing::symmetric(hash, index);
          }
          image[(y * width + x) * 3 + c] = static_cast<float>(sum);
        }
      }
    }
  }
  return {pixels, Tensor::from({2, 2}, sizes), Tensor::from({2}, std::vector<int64_t>{0, 1})};
}

TEST_CASE("mask_rcnn R50-FPN: every stage equals torchvision's with the same weights") {
  MaskRcnn model(torchvision_r50_fpn(), kNumClasses);
  model.train(false);
  nn::StateDict state;
  for (const auto& [name, tensor] : nn::state_dict(model))
    state.emplace_back(name, import(name, tensor.shape()));
  nn::load_state_dict_strict(model, state, "formula");

  const NoGrad no_grad;
  const ImageBatch batch = images();
  const auto& trunk = dynamic_cast<const nn::ResNet&>(model.backbone().trunk());
  const std::vector<Tensor> stages = trunk.forward(batch.pixels);
  for (size_t i = 0; i < stages.size(); ++i)
    reference().check_sample_close(fmt::format("res{}", i + 2), stages[i], kTolerance);
  const std::vector<Tensor> features = model.backbone().forward(batch.pixels);
  for (size_t i = 0; i < features.size(); ++i)
    reference().check_sample_close(fmt::format("p{}", i + 2), features[i], kTolerance);

  const RpnPredictions rpn = model.rpn().forward(features);
  reference().check_sample_close("rpn_logits", rpn.logits, kTolerance);
  reference().check_sample_close("rpn_deltas", rpn.deltas, kTolerance);
  const Tensor& anchors = model.anchor_generator().anchors(256, 320, DType::kF32, kCpu);
  const Proposals proposals = model.rpn().propose(rpn, anchors, batch.sizes, false);
  REQUIRE(proposals.counts.to_vector<int>() == std::vector<int>{80, 80});
  reference().check_close("proposals", proposals.boxes, kTolerance);
  reference().check_close("proposal_logits", proposals.logits, kTolerance);

  std::vector<int32_t> image_of(160, 0);
  std::fill(image_of.begin() + 80, image_of.end(), 1);
  const auto& heads = dynamic_cast<const StandardHeads&>(model.roi_heads());
  const BoxPredictor::Output boxes =
      heads.predict_boxes(features, proposals.boxes.view({160, 4}), Tensor::from({160}, image_of));
  reference().check_sample_close("class_logits", boxes.logits, kTolerance);
  reference().check_sample_close("box_deltas", boxes.deltas, kTolerance);

  const Detections detections = heads.detect(features, proposals, batch.sizes);
  REQUIRE(detections.counts.to_vector<int>() == std::vector<int>{30, 30});
  reference().check_equal("det_classes", detections.classes);
  reference().check_close("det_boxes", detections.boxes, kTolerance);
  reference().check_close("det_scores", detections.scores, kTolerance);
  reference().check_sample_close("masks", detections.masks, kTolerance);
}

}  // namespace
}  // namespace denovo::detection
