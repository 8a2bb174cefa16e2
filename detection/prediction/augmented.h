// Detection with test-time augmentation, as in Detectron: an image is looked at in several sizes,
// each mirrored too. The boxes of all views together go through non-maximum suppression, and each
// that is left moves to the mean of those found at its place; its mask is the mean of what every
// view sees in it, and so are its heat maps. What does not exceed test.score_threshold is not
// found: with a higher one fewer boxes vote.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/image/image.h"
#include "detection/config/tta_config.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/structures/image_detections.h"
#include "ops/box_views/box_views.h"

namespace denovo::detection {

/// What a model sees in several views of the same images.
class JoinedViews {
 public:
  /// mirror: the keypoint that each looks like in a mirrored image, i32 [J] on the model's device;
  /// undefined for models without keypoints and where no view is mirrored.
  JoinedViews(MaskRcnn& model, double vote_iou, Tensor mirror = {});

  /// Looks at the images; `mirrored`: their pixels are, from the left edge to the valid width.
  /// Keeps the features that masks and keypoints are pooled from, so that nothing is computed
  /// twice: for the default passes over 800 x 1333 pixels about 2 GB.
  void add(const ImageBatch& images, bool mirrored);

  /// In the pixels of the first view. One view with vote_iou = 0 gives what MaskRcnn::detect gives,
  /// to the last bit. Requires a view.
  Detections detect() const;

 private:
  /// The detections with their boxes in the pixels of view v.
  Detections seen_from(const Detections& detections, size_t v) const;

  MaskRcnn& model_;
  const double vote_iou_;
  const Tensor mirror_;
  std::vector<ops::ViewCandidates> candidates_;  // of each view, and how it sees
  std::vector<std::vector<Tensor>> features_;    // empty where no head asks for them
};

/// Detects on pictures by the passes of a configuration, and measures what that costs.
class AugmentedDetector {
 public:
  /// keypoint_names: of the model. Throws ConfigError for a model with keypoints whose sides no
  /// name tells, unless nothing is mirrored. The model must outlive it.
  AugmentedDetector(MaskRcnn& model, const TtaConfig& config, const data::InputRule& rule,
                    Device device, std::span<const std::string> keypoint_names = {});

  /// detect_image with augmentation.
  ImageDetections detect(const data::Image& image, int64_t image_id,
                         const CategoryIds& category_ids);

  /// "test-time augmentation: 18 passes, 1.25 s an image, 9.7 times a plain detection"; the latter
  /// as measured on the first three images. Requires one.
  std::string cost() const;

 private:
  MaskRcnn& model_;
  const TtaConfig config_;
  const data::InputRule rule_;
  const std::vector<TtaPass> passes_;
  const Device device_;
  Tensor mirror_;
  int64_t images_ = 0;
  double seconds_ = 0, plain_seconds_ = 0;  // the latter of the first images, looked at once
};

}  // namespace denovo::detection
