// The heads of a cascade against PyTorch autograd (tests/oracles/cascade_heads_f64.py). Both sides
// add the same numbers in other orders: 1e-9 leaves six digits to spare and no room for a mistake.
#include <array>
#include <set>

#include "core/autograd/autograd.h"
#include "detection/parity/formula.h"
#include "detection/parity/reference_file.h"
#include "detection/roi_heads/cascade_heads.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

constexpr const char* kSalt = "85/";
constexpr int kNumClasses = 3, kSlots = 8;
constexpr double kTolerance = 1e-9;

const testing::ReferenceFile& reference() {
  static const testing::ReferenceFile file("cascade_heads_f64.safetensors");
  return file;
}

ModelConfig miniature() {
  ModelConfig config;
  config.backbone.num_groups = 4;
  config.pooler = {.sampling_ratio = 2, .canonical_size = 24, .canonical_level = 2};
  config.box = {.batch_per_image = kSlots,
                .positive_fraction = 0.25,
                .resolution = 4,
                .convs = 1,
                .conv_channels = 8,
                .fc_channels = 16};
  config.cascade.enabled = true;
  config.mask = {.resolution = 4, .convs = 1, .channels = 8};
  config.test.score_threshold = 0.3;
  config.test.nms_iou = 0.5;
  config.test.detections_per_image = 10;
  return config;
}

Tensor weight(const std::string& name, const Shape& shape) {
  return testing::drawn_weight(kSalt + ("roi_heads." + name), shape);
}

Tensor map(int level, const Shape& shape) {
  return testing::drawn(fmt::format("{}features.{}", kSalt, level), shape, 0, 1, DType::kF64)
      .set_requires_grad(true);
}

struct Model {
  explicit Model(const ModelConfig& config = miniature())
      : heads(config, std::array{4, 8}, 8, kNumClasses) {
    heads.reallocate(DType::kF64, kCpu);
    nn::StateDict state;
    for (const auto& [name, tensor] : nn::state_dict(heads))
      state.emplace_back(name, weight(name, tensor.shape()));
    nn::load_state_dict_strict(heads, state, "formula");
  }

  NamedLosses losses(const RoiBatch& rois) const;

  CascadeHeads heads;
  std::vector<Tensor> features{map(2, {2, 16, 24, 8}), map(3, {2, 8, 12, 8})};
};

Tensor image_sizes() {
  return Tensor::from<int32_t>({2, 2}, {64, 96, 60, 80});
}

GroundTruth ground_truth() {
  GroundTruth gt;
  gt.boxes = reference().tensor("gt_boxes");
  gt.classes = reference().tensor("gt_classes");
  gt.masks.polygon_xy = reference().tensor("polygon_xy");
  gt.masks.polygon_starts = reference().tensor("polygon_starts");
  gt.masks.instance_polygons = reference().tensor("instance_polygons");
  return gt;
}

/// What a stage sees, as the oracle has it.
RoiBatch rois_of(int stage) {
  const auto column = [&](const char* name) {
    return reference().tensor(fmt::format("{}.{}", name, stage)).view({2 * kSlots});
  };
  const Tensor classes = column("classes");
  auto images = classes.to_vector<int32_t>();
  for (int i = 0; i < 2 * kSlots; ++i) images[i] = images[i] < 0 ? -1 : i / kSlots;
  return {reference().tensor(fmt::format("boxes.{}", stage)).view({2 * kSlots, 4}),
          Tensor::from({2 * kSlots}, images), classes, column("matched")};
}

NamedLosses Model::losses(const RoiBatch& rois) const {
  return heads.losses(features, rois, ground_truth(), image_sizes(), {2, 0});
}

void backward_all(const NamedLosses& losses) {
  std::vector<Tensor> outputs;
  for (const auto& [name, loss] : losses) outputs.push_back(loss);
  backward(outputs, std::vector<Tensor>(outputs.size()));
}

/// The same, followed by `empty` empty slots of each image.
RoiBatch with_empty(const RoiBatch& rois, int empty) {
  std::vector<int32_t> rows;
  for (int i = 0; i < 2 * (kSlots + empty); ++i) {
    const int image = i / (kSlots + empty), slot = i % (kSlots + empty);
    rows.push_back(slot < kSlots ? image * kSlots + slot : -1);
  }
  return rois.pick(Tensor::from({static_cast<int64_t>(rows.size())}, rows));
}

TEST_CASE("cascade in f64: boxes are matched at each stage's IoU as in detectron2") {
  for (const int stage : {0, 1, 2}) {
    const RoiBatch expected = rois_of(stage);
    const RoiBatch got =
        match_rois(expected.boxes.view({2, kSlots, 4}), ground_truth(),
                   miniature().cascade.ious[static_cast<size_t>(stage)], kNumClasses);
    CHECK(got.classes.to_vector<int32_t>() == expected.classes.to_vector<int32_t>());
    CHECK(got.images.to_vector<int32_t>() == expected.images.to_vector<int32_t>());
    CHECK(got.matched.to_vector<int32_t>() == expected.matched.to_vector<int32_t>());
  }
}

TEST_CASE("cascade in f64: seven losses and every gradient equal PyTorch autograd") {
  const Model model;
  const NamedLosses losses = model.losses(rois_of(0));
  const auto expected = reference().tensor("losses").to_vector<double>();
  REQUIRE(losses.size() == expected.size());
  for (size_t i = 0; i < losses.size(); ++i)
    CHECK(std::abs(losses[i].second.item() - expected[i]) <= kTolerance * expected[i]);
  CHECK(losses[3].first == "loss_box_reg_stage1");
  CHECK(losses[4].first == "loss_cls_stage2");

  backward_all(losses);
  std::set<std::string> unseen;
  for (const auto& entry : reference().entries())
    if (entry.name.starts_with("grad.")) unseen.insert(entry.name);
  CHECK(unseen.size() == 3 * 9 + 7 + 2);
  model.heads.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    const Tensor grad = parameter.tensor().grad();
    REQUIRE_MESSAGE(grad.defined(), name);
    const std::string theirs = "grad.roi_heads." + name;
    reference().check_close(theirs, nn::to_file_layout(grad, parameter.format()), kTolerance);
    CHECK_MESSAGE(unseen.erase(theirs) == 1, name);
  });
  for (const size_t level : {0, 1}) {
    const std::string theirs = fmt::format("grad.features.{}", level + 2);
    reference().check_close(theirs, model.features[level].grad(), kTolerance);
    unseen.erase(theirs);
  }
  CHECK(unseen.empty());
}

TEST_CASE("cascade in f64: of an image's foreground the first learn masks, and no others") {
  std::vector<int32_t> backwards;  // image by image, so that others stand before and between them
  for (int i = 0; i < 2 * kSlots; ++i)
    backwards.push_back(i / kSlots * kSlots + kSlots - 1 - i % kSlots);
  const RoiBatch last = rois_of(2).pick(Tensor::from({2 * kSlots}, backwards));
  const RoiBatch first = first_foreground(last, 2, 2, kNumClasses);
  const auto classes = last.classes.to_vector<int32_t>(), got = first.classes.to_vector<int32_t>();
  const auto boxes = last.boxes.to_vector<double>(), got_boxes = first.boxes.to_vector<double>();
  REQUIRE(got.size() == 4);
  for (size_t image = 0, at = 0; image < 2; ++image) {
    for (size_t i = image * kSlots; i < (image + 1) * kSlots && at < 2 * (image + 1); ++i) {
      if (classes[i] < 0 || classes[i] == kNumClasses) continue;
      CHECK(got[at] == classes[i]);
      CHECK(got_boxes[4 * at] == boxes[4 * i]);
      CHECK(first.images.to_vector<int32_t>()[at++] == static_cast<int32_t>(image));
    }
    CHECK(at == 2 * (image + 1));
  }
  // An image without foreground has background in their places, which no head learns from.
  const RoiBatch none =
      first_foreground(rois_of(2).pick(Tensor::from<int32_t>({2}, {7, 5})), 2, 1, kNumClasses);
  CHECK(none.classes.to_vector<int32_t>() == std::vector<int32_t>{kNumClasses, kNumClasses});
}

TEST_CASE("cascade in f64: empty slots change no loss and no gradient") {
  std::vector<std::vector<double>> results;
  for (const int empty : {0, 3}) {
    const Model model;
    const NamedLosses losses = model.losses(with_empty(rois_of(0), empty));
    std::vector<double> result;
    for (const auto& [name, loss] : losses) result.push_back(loss.item());
    backward_all(losses);
    model.heads.for_each_parameter([&](const std::string&, const nn::Parameter& parameter) {
      const auto grad = parameter.tensor().grad().to_vector<double>();
      result.insert(result.end(), grad.begin(), grad.end());
    });
    results.push_back(result);
  }
  CHECK(testing::max_difference(results[1], results[0]) <= 1e-13);
}

TEST_CASE("cascade in f64: scores are means over the stages, boxes and masks those of the last") {
  const Model model;
  const Tensor boxes = reference().tensor("boxes.0");
  const Proposals proposals{boxes, Tensor::zeros({2, kSlots}, DType::kF64),
                            Tensor::from<int32_t>({2}, {kSlots, kSlots - 1})};
  const ScoredBoxes found = model.heads.score_boxes(model.features, proposals, image_sizes());
  const auto scores = found.scores.to_vector<double>(), all = found.boxes.to_vector<double>();
  const auto mean = reference().tensor("scores").to_vector<double>(),
             last = reference().tensor("last_boxes").to_vector<double>();
  const auto classes = found.classes.to_vector<int32_t>();
  REQUIRE(scores.size() == mean.size());
  for (size_t i = 0; i < mean.size(); ++i) {
    const size_t roi = i / kNumClasses;
    const bool is_there = roi + 1 < 2 * kSlots;
    CHECK(classes[i] == (is_there && mean[i] > 0.3 ? static_cast<int>(i % kNumClasses) : -1));
    if (!is_there) continue;
    CHECK(std::abs(scores[i] - mean[i]) <= kTolerance);
    for (size_t k = 0; k < 4; ++k) CHECK(std::abs(all[4 * i + k] - last[4 * roi + k]) <= 1e-7);
  }

  const Detections best = model.heads.detect(model.features, proposals, image_sizes());
  reference().check_equal("det_counts", best.counts);
  reference().check_equal("det_classes", best.classes);
  reference().check_close("det_scores", best.scores, kTolerance);
  reference().check_close("det_boxes", best.boxes, kTolerance);
  reference().check_close("det_masks", best.masks.view({2, 10, 8, 8}), kTolerance);
}

}  // namespace
}  // namespace denovo::detection
