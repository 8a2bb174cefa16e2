// All boxes with their scores, by one box head or by a cascade, as nodes.
#pragma once

#include "detection/export/export_heads.h"
#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// What the best are chosen from.
struct OnnxScoredBoxes {
  OnnxValue scores;  // [P, K]
  OnnxValue boxes;   // [P, K, 4]
};

/// As RoiHeads::score_boxes, but that no score is too low. proposals [P, 4]; image_size: f32 [2].
OnnxScoredBoxes export_scored_boxes(ModelWeights& weights, const RoiHeads& heads,
                                    const std::vector<OnnxValue>& features,
                                    const OnnxValue& proposals, const OnnxValue& image_size,
                                    int64_t num_classes);

}  // namespace denovo::detection
