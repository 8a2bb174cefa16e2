// The whole model against PyTorch autograd (tests/oracles/mask_rcnn_f64.py): a small GN Mask R-CNN
// in f64 with given samples. Both sides add the same numbers in other orders; the gradients' own
// conditioning is about 20, so 1e-9 leaves six digits to spare and no room for a mistake.

#include <set>

#include "core/autograd/autograd.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/parity/formula.h"
#include "detection/parity/reference_file.h"
#include "detection/roi_heads/standard_heads.h"
#include "nn/state_dict.h"
#include "ops/append_ground_truth/append_ground_truth.h"
#include "ops/mask_targets/mask_targets.h"
#include "ops/match_boxes/match_boxes.h"

namespace denovo::detection {
namespace {

constexpr const char* kSalt = "14/";
constexpr int kNumClasses = 3;
constexpr double kTolerance = 1e-9;

const testing::ReferenceFile& reference() {
  static const testing::ReferenceFile file("mask_rcnn_f64.safetensors");
  return file;
}

ModelConfig miniature() {
  ModelConfig config;
  config.backbone.blocks = {1, 2, 1, 1};
  config.backbone.block = BlockKind::kBottleneck;
  config.backbone.stem_channels = 8;
  config.backbone.channels = {16, 32, 64, 128};
  config.backbone.num_groups = 4;
  config.backbone.fpn_channels = 16;
  config.anchors.sizes = {8, 16, 32, 64, 128};
  config.rpn.batch_per_image = 64;
  config.rpn.pre_nms_topk_test = 200;
  config.rpn.post_nms_topk_test = 100;
  config.pooler = {
      .sampling_ratio = 2, .aligned = true, .canonical_size = 24, .canonical_level = 4};
  config.box.resolution = 4;
  config.box.convs = 2;
  config.box.conv_channels = 16;
  config.box.fc_channels = 32;
  config.mask.resolution = 7;
  config.mask.convs = 2;
  config.mask.channels = 16;
  config.test.score_threshold = 0.24;
  config.test.nms_iou = 0.4;
  config.test.detections_per_image = 20;
  return config;
}

Tensor weight(const std::string& name, const Shape& shape) {
  return testing::drawn_weight(kSalt + name, shape);
}

void fill_weights(MaskRcnn& model) {
  model.reallocate(DType::kF64, kCpu);
  nn::StateDict state;
  for (const auto& [name, tensor] : nn::state_dict(model))
    state.emplace_back(name, weight(name, tensor.shape()));
  nn::load_state_dict_strict(model, state, "formula");
}

ImageBatch images() {
  const int64_t height = 64, width = 96;
  const std::vector<int32_t> sizes{64, 96, 60, 80};
  const Tensor pixels = Tensor::zeros({2, height, width, 3}, DType::kF64);
  for (int64_t n = 0; n < 2; ++n) {
    const uint64_t hash = testing::fnv1a64(fmt::format("{}image.{}", kSalt, n));
    const int64_t h = sizes[static_cast<size_t>(2 * n)], w = sizes[static_cast<size_t>(2 * n + 1)];
    double* image = pixels.data<double>() + n * height * width * 3;
    for (int64_t y = 0; y < h; ++y) {
      for (int64_t i = y * width * 3; i < (y * width + w) * 3; ++i)
        image[i] = testing::symmetric(hash, i);
    }
  }
  return {pixels, Tensor::from({2, 2}, sizes), Tensor::from({2}, std::vector<int64_t>{0, 1})};
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

/// The given sample of anchors with the labels and matches that the oracle's matcher found.
RpnSample given_anchors() {
  const Tensor indices = reference().tensor("rpn_indices");
  const auto chosen = indices.to_vector<int32_t>();
  const auto labels = reference().tensor("rpn_labels").to_vector<int32_t>();
  const auto matched = reference().tensor("rpn_matched").to_vector<int32_t>();
  std::vector<int32_t> label(chosen.size(), -1), match(chosen.size(), -1);
  const size_t anchors = labels.size() / 2, samples = chosen.size() / 2;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] < 0) continue;
    const size_t at = i / samples * anchors + static_cast<size_t>(chosen[i]);
    label[i] = labels[at];
    match[i] = matched[at];
  }
  return {indices, Tensor::from(indices.shape(), label), Tensor::from(indices.shape(), match)};
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

/// The five losses in the oracle's order.
std::vector<Tensor> losses(MaskRcnn& model, const RoiBatch& rois) {
  const ImageBatch batch = images();
  const GroundTruth gt = ground_truth();
  const std::vector<Tensor> features = model.backbone().forward(batch.pixels);
  const Tensor& anchors = model.anchor_generator().anchors(64, 96, DType::kF64, kCpu);
  std::vector<Tensor> all;
  for (const auto& [name, loss] :
       model.rpn().losses(model.rpn().forward(features), given_anchors(), anchors, gt, {2, 0}))
    all.push_back(loss);
  for (const auto& [name, loss] : model.roi_heads().losses(features, rois, gt, batch.sizes, {2, 0}))
    all.push_back(loss);
  return all;
}

void backward_all(const std::vector<Tensor>& outputs) {
  backward(outputs, std::vector<Tensor>(outputs.size()));
}

TEST_CASE("mask_rcnn in f64: the integer formula gives the oracle's weights") {
  const Tensor stem = weight("backbone.bottom_up.stem.conv1.weight", {8, 3, 7, 7});
  const auto values = stem.to_vector<double>();
  CHECK(std::vector<double>(values.begin(), values.begin() + 8) ==
        reference().tensor("formula_sample").to_vector<double>());
}

TEST_CASE("mask_rcnn in f64: anchors and what each layer group gives equal PyTorch's") {
  MaskRcnn model(miniature(), kNumClasses);
  fill_weights(model);
  const NoGrad no_grad;
  const std::vector<Tensor> features = model.backbone().forward(images().pixels);
  for (size_t i = 0; i < 5; ++i)
    reference().check_close(fmt::format("p{}", i + 2), features[i], kTolerance);
  const Tensor& anchors = model.anchor_generator().anchors(64, 96, DType::kF64, kCpu);
  reference().check_close("anchors", anchors.view({anchors.size(1), 4}), 1e-15);

  const RpnPredictions rpn = model.rpn().forward(features);
  reference().check_close("rpn_logits", rpn.logits, kTolerance);
  reference().check_close("rpn_deltas", rpn.deltas, kTolerance);

  const RoiBatch rois = given_rois();
  const auto& heads = dynamic_cast<const StandardHeads&>(model.roi_heads());
  const auto boxes = heads.predict_boxes(features, rois.boxes, rois.images);
  reference().check_close("box_logits", boxes.logits, kTolerance);
  reference().check_close("box_deltas", boxes.deltas, kTolerance);
  const RoiBatch foreground = mask_rois(rois, ground_truth().masks, kNumClasses, rois.count());
  reference().check_close(
      "mask_logits",
      heads.instance_heads().predict_masks(features, foreground.boxes, foreground.images),
      kTolerance);
}

TEST_CASE("mask_rcnn in f64: anchors, proposals and masks meet the ground truth as in detectron2") {
  const GroundTruth gt = ground_truth();
  const ops::Match anchors =
      ops::match_boxes(reference().tensor("anchors"), gt.boxes, gt.classes,
                       {.low = 0.3, .high = 0.7, .low_quality_matches = true});
  reference().check_equal("rpn_matched", anchors.matched);
  reference().check_equal("rpn_labels", anchors.labels);

  const auto candidates = ops::append_ground_truth(
      reference().tensor("proposals"), reference().tensor("proposal_counts"), gt.boxes, gt.classes);
  const ops::Match proposals =
      ops::match_boxes(candidates.boxes, gt.boxes, gt.classes, {}, candidates.valid);
  reference().check_equal("proposal_matched", proposals.matched);
  reference().check_equal("proposal_labels", proposals.labels);

  const RoiBatch foreground = mask_rois(given_rois(), gt.masks, kNumClasses, 48);
  reference().check_equal("mask_targets", ops::mask_targets(foreground.boxes, foreground.images,
                                                            foreground.matched, gt.masks, 14));
}

TEST_CASE("mask_rcnn in f64: five losses and every parameter gradient equal PyTorch autograd") {
  MaskRcnn model(miniature(), kNumClasses);
  fill_weights(model);
  const std::vector<Tensor> all = losses(model, given_rois());
  const auto expected = reference().tensor("losses").to_vector<double>();
  REQUIRE(all.size() == expected.size());
  for (size_t i = 0; i < all.size(); ++i)
    CHECK(std::abs(all[i].item() - expected[i]) <= kTolerance * expected[i]);

  backward_all(all);
  std::set<std::string> unseen;
  for (const auto& entry : reference().entries()) {
    if (entry.name.starts_with("grad.")) unseen.insert(entry.name);
  }
  CHECK(unseen.size() == 112);
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    const Tensor grad = parameter.tensor().grad();
    REQUIRE_MESSAGE(grad.defined(), name);
    reference().check_close("grad." + name, nn::to_file_layout(grad, parameter.format()),
                            kTolerance);
    CHECK_MESSAGE(unseen.erase("grad." + name) == 1, name);
  });
  CHECK(unseen.empty());
}

/// The mask loss of the given RoIs, and the gradients of the mask head's parameters.
struct MaskResult {
  double loss = 0;
  std::vector<double> gradients;
};
MaskResult mask_result(const RoiBatch& rois, const GroundTruth& gt) {
  MaskRcnn model(miniature(), kNumClasses);
  fill_weights(model);
  const Tensor loss =
      model.roi_heads()
          .losses(model.backbone().forward(images().pixels), rois, gt, images().sizes, {2, 0})
          .back()
          .second;
  backward({loss}, {Tensor()});
  MaskResult result{loss.item(), {}};
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    if (!name.starts_with("roi_heads.mask_head.")) return;
    const auto values = parameter.tensor().grad().to_vector<double>();
    result.gradients.insert(result.gradients.end(), values.begin(), values.end());
  });
  return result;
}

/// The same ground truth, where object `gt` of image 0 has no polygons; -1: none of any has some.
GroundTruth without_mask(int32_t object) {
  GroundTruth gt = ground_truth();
  auto first = gt.masks.instance_polygons.to_vector<int32_t>();
  const int64_t slots = gt.masks.instance_polygons.size(1);
  if (object < 0) std::fill(first.begin(), first.end(), 0);
  // What was before it ends where it begins; what follows begins where it did.
  if (object >= 0) first[static_cast<size_t>(object)] = first[static_cast<size_t>(object) + 1];
  gt.masks.instance_polygons = Tensor::from({2, slots}, first);
  return gt;
}

TEST_CASE("mask_rcnn in f64: an object without a mask trains none, the others as if it were not") {
  const RoiBatch rois = given_rois();
  RoiBatch others = given_rois();  // where RoIs of object 0 of image 0 are background
  const auto images_of = rois.images.to_vector<int32_t>(),
             matched = rois.matched.to_vector<int32_t>();
  auto classes = rois.classes.to_vector<int32_t>();
  int changed = 0, left = 0;
  for (size_t r = 0; r < classes.size(); ++r) {
    if (classes[r] < 0 || classes[r] == kNumClasses) continue;
    const bool of_object = images_of[r] == 0 && matched[r] == 0;
    if (of_object) classes[r] = kNumClasses;
    ++(of_object ? changed : left);
  }
  REQUIRE(changed > 0);
  REQUIRE(left > 0);
  others.classes = Tensor::from({static_cast<int64_t>(classes.size())}, classes);
  const MaskResult got = mask_result(rois, without_mask(0));
  const MaskResult expected = mask_result(others, ground_truth());
  CHECK(got.loss == expected.loss);
  CHECK(got.gradients == expected.gradients);
  CHECK(got.loss != mask_result(rois, ground_truth()).loss);

  const MaskResult none = mask_result(rois, without_mask(-1));
  CHECK(none.loss == 0);
  CHECK(none.gradients == std::vector<double>(got.gradients.size(), 0.0));
}

TEST_CASE("mask_rcnn in f64: smooth L1 in the RPN gives PyTorch's loss and gradient") {
  ModelConfig config = miniature();
  config.rpn.smooth_l1_beta = 1.0 / 9;
  MaskRcnn model(config, kNumClasses);
  fill_weights(model);
  const Tensor loss = losses(model, given_rois())[1];
  const double expected = reference().tensor("loss_rpn_loc_smooth").item();
  CHECK(std::abs(loss.item() - expected) <= kTolerance * expected);
  backward(loss);
  int compared = 0;
  model.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
    if (name.find("anchor_deltas") == std::string::npos) return;
    const Tensor grad = nn::to_file_layout(parameter.tensor().grad(), parameter.format());
    reference().check_close("grad_smooth." + name, grad, kTolerance);
    ++compared;
  });
  CHECK(compared == 2);
}

TEST_CASE("mask_rcnn in f64: empty RoI slots change no loss and no gradient") {
  std::vector<std::vector<double>> results;
  for (const int64_t empty : {0, 16}) {
    MaskRcnn model(miniature(), kNumClasses);
    fill_weights(model);
    const std::vector<Tensor> all = losses(model, given_rois(empty));
    std::vector<double> result;
    for (const Tensor& loss : all) result.push_back(loss.item());
    backward_all(all);
    model.for_each_parameter([&](const std::string&, const nn::Parameter& parameter) {
      const auto grad = parameter.tensor().grad().to_vector<double>();
      result.insert(result.end(), grad.begin(), grad.end());
    });
    results.push_back(result);
  }
  CHECK(testing::max_difference(results[1], results[0]) <= 1e-13);
}

TEST_CASE("mask_rcnn in f64: proposals and detections are PyTorch's, in order") {
  MaskRcnn model(miniature(), kNumClasses);
  fill_weights(model);
  const ImageBatch batch = images();
  const NoGrad no_grad;
  const RpnPredictions rpn = model.rpn().forward(model.backbone().forward(batch.pixels));
  const Proposals proposals = model.rpn().propose(
      rpn, model.anchor_generator().anchors(64, 96, DType::kF64, kCpu), batch.sizes, false);
  reference().check_equal("proposal_counts", proposals.counts);
  reference().check_close("proposals", proposals.boxes, kTolerance);
  reference().check_close("proposal_logits", proposals.logits, kTolerance);

  const Detections detections = model.detect(batch);
  reference().check_equal("det_counts", detections.counts);
  reference().check_equal("det_classes", detections.classes);
  reference().check_close("det_scores", detections.scores, kTolerance);
  reference().check_close("det_boxes", detections.boxes, kTolerance);
  reference().check_close("det_masks", detections.masks.view({2, 20, 14, 14}), kTolerance);
}

}  // namespace
}  // namespace denovo::detection
