// ResNet and feature pyramid, or VGG, as nodes.
#pragma once

#include "detection/export/export_layers.h"
#include "nn/backbone/backbone.h"

namespace denovo::detection {

/// As nn::Backbone::forward: a map for each of its strides. x [1, 3, H, W]. Throws InternalError
/// for a backbone that is neither.
std::vector<OnnxValue> export_backbone(ModelWeights& weights, const nn::Backbone& backbone,
                                       const OnnxValue& x);

}  // namespace denovo::detection
