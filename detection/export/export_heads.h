// Box head and mask head as nodes.
#pragma once

#include "detection/export/export_layers.h"
#include "detection/roi_heads/standard_heads.h"

namespace denovo::detection {

struct OnnxBoxPredictions {
  OnnxValue logits;  // [R, K + 1]
  OnnxValue deltas;  // [R, K, 4]
};

/// As StandardHeads::predict_boxes: boxes [R, 4].
OnnxBoxPredictions export_box_head(ModelWeights& weights, const StandardHeads& heads,
                                   const std::vector<OnnxValue>& features, const OnnxValue& boxes);

/// The probabilities [D, S, S] of each box's own class, i64 [D]. Requires a mask head.
OnnxValue export_mask_head(ModelWeights& weights, const InstanceHeads& heads,
                           const std::vector<OnnxValue>& features, const OnnxValue& boxes,
                           const OnnxValue& classes);

}  // namespace denovo::detection
