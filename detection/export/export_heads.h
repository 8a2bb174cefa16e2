// Box head and mask head as nodes.
#pragma once

#include "detection/export/export_layers.h"
#include "detection/roi_heads/box_head.h"
#include "detection/roi_heads/instance_heads.h"

namespace denovo::detection {

struct OnnxBoxPredictions {
  OnnxValue logits;  // [R, K + 1]
  OnnxValue deltas;  // [R, B, 4], B boxes of each
};

/// As BoxPredictor of BoxHead of Pooler: boxes [R, 4].
OnnxBoxPredictions export_box_head(ModelWeights& weights, const Pooler& pooler, const BoxHead& head,
                                   const BoxPredictor& predictor,
                                   const std::vector<OnnxValue>& features, const OnnxValue& boxes);

/// The probabilities [D, S, S] of each box's own class, i64 [D]. Requires a mask head.
OnnxValue export_mask_head(ModelWeights& weights, const InstanceHeads& heads,
                           const std::vector<OnnxValue>& features, const OnnxValue& boxes,
                           const OnnxValue& classes);

}  // namespace denovo::detection
