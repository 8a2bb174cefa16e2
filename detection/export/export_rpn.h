// The region proposal network as nodes.
#pragma once

#include "detection/export/export_layers.h"
#include "detection/rpn/rpn.h"

namespace denovo::detection {

/// As Rpn::propose of the one image, at test time: boxes [P, 4] by descending objectness, as many
/// as there are. features: a map for each stride of the anchors; image_size: f32 [2].
OnnxValue export_proposals(ModelWeights& weights, const Rpn& rpn, const AnchorGenerator& anchors,
                           const std::vector<OnnxValue>& features, const OnnxValue& image_size);

}  // namespace denovo::detection
