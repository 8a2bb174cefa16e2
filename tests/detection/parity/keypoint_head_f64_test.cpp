// The keypoint head against PyTorch autograd (tests/oracles/keypoint_head_f64.py). Both sides add
// the same numbers in other orders: 1e-9 leaves six digits to spare and no room for a mistake.

#include <set>

#include "core/autograd/autograd.h"
#include "detection/parity/formula.h"
#include "detection/parity/reference_file.h"
#include "detection/roi_heads/standard_heads.h"
#include "nn/state_dict.h"
#include "ops/heatmap_peaks/heatmap_peaks.h"

namespace denovo::detection {
namespace {

constexpr int kNumClasses = 3;
constexpr double kTolerance = 1e-9;
constexpr int kStride = 4;
const std::string kHead = "keypoint_head.";

const testing::ReferenceFile& reference() {
  static const testing::ReferenceFile file("keypoint_head_f64.safetensors");
  return file;
}

ModelConfig miniature(nn::NormKind norm, KeypointNormalizer normalizer) {
  ModelConfig config;
  config.backbone.num_groups = 4;
  config.pooler.sampling_ratio = 2;
  config.box = {.batch_per_image = 16, .positive_fraction = 0.25, .convs = 0, .fc_channels = 8};
  config.mask.enabled = false;
  config.keypoint = {.enabled = true,
                     .num_keypoints = 5,
                     .resolution = 7,
                     .convs = 2,
                     .channels = 16,
                     .norm = norm,
                     .normalizer = normalizer};
  return config;
}

/// The oracle's: norms around 1, biases around 0, the rest uniform with variance 1/fan_in. Shapes
/// are PyTorch's.
Tensor weight(const std::string& name, const Shape& shape) {
  double offset = 0, scale = 0.1;
  if (name.ends_with("norm.weight")) {
    offset = 1;
  } else if (!name.ends_with("bias")) {
    const bool transposed = name.find("score_lowres") != std::string::npos;
    const int64_t fan_in = transposed ? 16 * 4 : shape.numel() / shape[0];
    scale = std::sqrt(3.0 / static_cast<double>(fan_in));
  }
  return testing::drawn("roi_heads." + name, shape, offset, scale, DType::kF64);
}

struct Model {
  explicit Model(nn::NormKind norm, KeypointNormalizer normalizer = KeypointNormalizer::kVisible)
      : config(miniature(norm, normalizer)),
        heads(config, std::span(&kStride, 1), 16, kNumClasses),
        features{testing::drawn("features", {2, 16, 24, 16}, 0, 1, DType::kF64)} {
    heads.reallocate(DType::kF64, kCpu);
    nn::StateDict state;
    for (const auto& [name, tensor] : nn::state_dict(heads))
      state.emplace_back(name, weight(name, tensor.shape()));
    nn::load_state_dict_strict(heads, state, "formula");
    features[0].set_requires_grad(true);
  }

  ModelConfig config;
  StandardHeads heads;
  std::vector<Tensor> features;
};

GroundTruth ground_truth() {
  GroundTruth gt;
  gt.boxes = reference().tensor("gt_boxes");
  gt.classes = reference().tensor("gt_classes");
  gt.keypoints = reference().tensor("gt_keypoints");
  return gt;
}

Tensor image_sizes() {
  return Tensor::from<int32_t>({2, 2}, {64, 96, 64, 96});
}

/// The given RoIs, followed by `empty` empty slots.
RoiBatch given_rois(int64_t empty = 0) {
  const auto extended = [&](const char* name) {
    auto values = reference().tensor(name).to_vector<int32_t>();
    values.insert(values.end(), static_cast<size_t>(empty), -1);
    return Tensor::from({static_cast<int64_t>(values.size())}, values);
  };
  auto boxes = reference().tensor("roi_boxes").to_vector<double>();
  boxes.insert(boxes.end(), static_cast<size_t>(4 * empty), 0.0);
  return {Tensor::from({static_cast<int64_t>(boxes.size() / 4), 4}, boxes), extended("roi_images"),
          extended("roi_classes"), extended("roi_gt")};
}

Tensor loss_keypoint(const Model& model, const RoiBatch& rois) {
  const NamedLosses losses =
      model.heads.losses(model.features, rois, ground_truth(), image_sizes(), {2, 0});
  CHECK(losses.back().first == "loss_keypoint");
  return losses.back().second;
}

void check_value(const Tensor& loss, const char* expected) {
  const double value = reference().tensor(expected).item();
  CHECK(std::abs(loss.item() - value) <= kTolerance * value);
}

/// Every parameter of the head has the oracle's gradient.
void check_gradients(const Model& model, const std::string& prefix, size_t count) {
  std::set<std::string> unseen;
  const std::string theirs = prefix + "grad.roi_heads.";
  for (const auto& entry : reference().entries())
    if (entry.name.starts_with(theirs)) unseen.insert(entry.name);
  CHECK(unseen.size() == count);
  model.heads.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    if (!name.starts_with(kHead)) return;
    const Tensor grad = parameter.tensor().grad();
    REQUIRE_MESSAGE(grad.defined(), name);
    unseen.erase(theirs + name);
    // What is added to a whole map changes no softmax: both sides have roundings of 0.
    if (name == kHead + "score_lowres.bias") {
      CHECK(testing::max_magnitude(grad.to_vector<double>()) <= 1e-14);
      return;
    }
    reference().check_close(theirs + name, nn::to_file_layout(grad, parameter.format()),
                            kTolerance);
  });
  CHECK(unseen.empty());
}

TEST_CASE("keypoint head in f64: the RoIs that learn, and their places, are torchvision's") {
  const KeypointRois posed =
      keypoint_rois(given_rois(3), ground_truth().keypoints, kNumClasses, 100, 28);
  const auto expected = reference().tensor("posed").to_vector<int32_t>();
  const auto all = reference().tensor("roi_boxes").to_vector<double>();
  const auto boxes = posed.rois.boxes.to_vector<double>();
  const auto images = posed.rois.images.to_vector<int32_t>();
  for (size_t i = 0; i < images.size(); ++i) {
    CHECK((images[i] >= 0) == (i < expected.size()));
    if (i < expected.size()) CHECK(boxes[4 * i] == all[4 * static_cast<size_t>(expected[i])]);
  }
  reference().check_equal("places", posed.places.rows(0, static_cast<int64_t>(expected.size())));
}

TEST_CASE("keypoint head in f64: heat maps, loss and every gradient equal PyTorch autograd") {
  const Model model(nn::NormKind::kNone);
  const KeypointRois posed =
      keypoint_rois(given_rois(), ground_truth().keypoints, kNumClasses, 6, 28);
  reference().check_close(
      "logits",
      model.heads.instance_heads()
          .predict_keypoints(model.features, posed.rois.boxes, posed.rois.images)
          .rows(0, 6),
      kTolerance);
  const Tensor loss = loss_keypoint(model, given_rois());
  check_value(loss, "loss_visible");
  backward(loss);
  check_gradients(model, "", 6);
  reference().check_close("grad.features", model.features[0].grad(), kTolerance);
}

TEST_CASE("keypoint head in f64: with GroupNorm too") {
  const Model model(nn::NormKind::kGroupNorm);
  const KeypointRois posed =
      keypoint_rois(given_rois(), ground_truth().keypoints, kNumClasses, 6, 28);
  reference().check_close(
      "gn.logits",
      model.heads.instance_heads()
          .predict_keypoints(model.features, posed.rois.boxes, posed.rois.images)
          .rows(0, 6),
      kTolerance);
  const Tensor loss = loss_keypoint(model, given_rois());
  check_value(loss, "gn.loss");
  backward(loss);
  check_gradients(model, "gn.", 8);
}

TEST_CASE("keypoint head in f64: the other normaliser divides by what could be sampled") {
  const Model model(nn::NormKind::kNone, KeypointNormalizer::kStatic);
  check_value(loss_keypoint(model, given_rois()), "loss_static");
}

TEST_CASE("keypoint head in f64: empty RoI slots change no loss and no gradient") {
  std::vector<std::vector<double>> results;
  for (const int64_t empty : {0, 16}) {
    const Model model(nn::NormKind::kGroupNorm);
    const Tensor loss = loss_keypoint(model, given_rois(empty));
    std::vector<double> result{loss.item()};
    backward(loss);
    model.heads.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
      if (!name.starts_with(kHead)) return;
      const auto grad = parameter.tensor().grad().to_vector<double>();
      result.insert(result.end(), grad.begin(), grad.end());
    });
    results.push_back(result);
  }
  CHECK(testing::max_difference(results[1], results[0]) <= 1e-13);
}

TEST_CASE("keypoint head in f64: without a labelled keypoint the loss is 0, and so are gradients") {
  const Model model(nn::NormKind::kNone);
  GroundTruth gt = ground_truth();
  gt.keypoints = Tensor::zeros(gt.keypoints.shape(), DType::kF64);
  const Tensor loss =
      model.heads.losses(model.features, given_rois(), gt, image_sizes(), {2, 0}).back().second;
  CHECK(loss.item() == 0);
  backward(loss);
  model.heads.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    if (!name.starts_with(kHead)) return;
    for (const double g : parameter.tensor().grad().to_vector<double>()) REQUIRE(g == 0);
  });
}

TEST_CASE("heatmap_peaks: places and scores are detectron2's") {
  const Tensor boxes = reference().tensor("peak_boxes");
  const Tensor maps = testing::drawn("peaks", {boxes.size(0), 28, 28, 5}, 0, 4, DType::kF64);
  const Tensor images = Tensor::zeros({boxes.size(0)}, DType::kI32);
  reference().check_close("peaks", ops::heatmap_peaks(maps, boxes, images), 1e-12);
}

}  // namespace
}  // namespace denovo::detection
