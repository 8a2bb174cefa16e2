#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

Detections RoiHeads::detect(const std::vector<Tensor>& features, const Proposals& proposals,
                            const Tensor& image_sizes) const {
  Detections detections =
      best_detections(score_boxes(features, proposals, image_sizes), config_.test);
  detections.masks = detect_masks(features, detections);
  detections.keypoints = keypoints_of(detect_heatmaps(features, detections), detections);
  return detections;
}

}  // namespace denovo::detection
