#include "detection/prediction/augmented.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "data/coco/keypoints.h"
#include "data/loading/batch_builder.h"
#include "detection/prediction/detect_image.h"
#include "detection/prediction/post_process.h"
#include "ops/box_voting/box_voting.h"
#include "ops/view_mean/view_mean.h"

namespace denovo::detection {
namespace {

constexpr int64_t kComparedImages = 3;  // enough to tell whether it is 10 or 20 times

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Undefined for a model without keypoints, and where there is no mirror.
Tensor mirrored_keypoints(const ModelConfig& config, bool flip, Device device,
                          std::span<const std::string> names) {
  if (!config.keypoint.enabled || !flip) return {};
  if (std::ssize(names) != config.keypoint.num_keypoints)
    throw ConfigError(fmt::format(
        "config: test.tta.flip needs the names of the model's {} keypoints, which tell left from "
        "right, got {}; test.tta.flip=false goes on without mirrored passes",
        config.keypoint.num_keypoints, names.size()));
  const std::vector<int> mirror = data::mirrored_keypoints(names);
  return Tensor::from({std::ssize(mirror)}, std::vector<int32_t>(mirror.begin(), mirror.end()),
                      device);
}

}  // namespace

JoinedViews::JoinedViews(MaskRcnn& model, double vote_iou, Tensor mirror)
    : model_(model), vote_iou_(vote_iou), mirror_(std::move(mirror)) {}

void JoinedViews::add(const ImageBatch& images, bool mirrored) {
  MaskRcnn::FirstStage stage = model_.first_stage(images);
  const ScoredBoxes found =
      model_.roi_heads().score_boxes(stage.features, stage.proposals, images.sizes);
  const InstanceHeads& heads = model_.roi_heads().instance_heads();
  candidates_.push_back({found.boxes, found.scores, found.classes, {images.sizes, mirrored}});
  if (!heads.mask_head() && !heads.keypoint_head()) return;
  stage.features.resize(std::min(stage.features.size(), heads.mask_pooler().strides().size()));
  features_.push_back(std::move(stage.features));
}

Detections JoinedViews::detect() const {
  DENOVO_DCHECK(!candidates_.empty());
  const NoGrad no_grad;
  const ops::JoinedCandidates all = ops::join_candidates(candidates_, candidates_.front().view);
  Detections best = best_detections({all.boxes, all.scores, all.classes}, model_.config().test);
  if (vote_iou_ > 0)
    best.boxes =
        ops::vote_boxes(best.boxes, best.classes, all.boxes, all.scores, all.classes, vote_iou_);
  std::vector<ops::ViewMaps> masks, heatmaps;
  for (size_t v = 0; v < features_.size(); ++v) {
    const Detections seen = seen_from(best, v);
    const bool mirrored = candidates_[v].view.mirrored != candidates_.front().view.mirrored;
    const InstanceHeads& heads = model_.roi_heads().instance_heads();
    if (heads.mask_head()) masks.push_back({heads.detect_masks(features_[v], seen), mirrored});
    if (heads.keypoint_head())
      heatmaps.push_back({heads.detect_heatmaps(features_[v], seen), mirrored});
  }
  if (!masks.empty()) best.masks = ops::view_mean(masks);
  if (!heatmaps.empty()) best.keypoints = keypoints_of(ops::view_mean(heatmaps, mirror_), best);
  return best;
}

Detections JoinedViews::seen_from(const Detections& detections, size_t v) const {
  Detections seen = detections;
  seen.boxes = ops::boxes_in_view(detections.boxes, candidates_.front().view, candidates_[v].view);
  return seen;
}

AugmentedDetector::AugmentedDetector(MaskRcnn& model, const TtaConfig& config,
                                     const data::InputRule& rule, Device device,
                                     std::span<const std::string> keypoint_names)
    : model_(model),
      config_(config),
      rule_(rule),
      passes_(config.passes(rule)),
      device_(device),
      mirror_(mirrored_keypoints(model.config(), config.flip, device, keypoint_names)) {}

ImageDetections AugmentedDetector::detect(const data::Image& image, int64_t image_id,
                                          const CategoryIds& category_ids) {
  const auto start = std::chrono::steady_clock::now();
  JoinedViews views(model_, config_.vote_iou, mirror_);
  data::Batch first;
  for (const TtaPass& pass : passes_) {
    const data::Batch batch = data::image_batch(std::span(&image, 1), pass.rule, pass.mirrored);
    views.add(network_input(batch, model_, device_), pass.mirrored);
    if (!first.images.defined()) first = batch;
  }
  auto found = post_process(views.detect(), first.image_sizes, first.original_sizes,
                            Tensor::from<int64_t>({1}, {image_id}), category_ids, model_.config());
  seconds_ += seconds_since(start);
  if (images_++ < kComparedImages) {
    const auto plain_start = std::chrono::steady_clock::now();
    detect_image(model_, image, image_id, category_ids, rule_, device_);
    plain_seconds_ += seconds_since(plain_start);
  }
  return std::move(found.front());
}

std::string AugmentedDetector::cost() const {
  DENOVO_DCHECK(images_ > 0);
  const double seconds = seconds_ / static_cast<double>(images_);
  const double plain = plain_seconds_ / static_cast<double>(std::min(images_, kComparedImages));
  return fmt::format(
      "test-time augmentation: {} passes, {:.3g} s an image, {:.1f} times a plain detection",
      passes_.size(), seconds, seconds / plain);
}

}  // namespace denovo::detection
