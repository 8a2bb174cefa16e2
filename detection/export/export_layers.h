// Layers of nn as nodes. Maps are [N, C, H, W], as everywhere in ONNX.
#pragma once

#include "detection/export/model_weights.h"
#include "nn/layers/conv_norm.h"
#include "nn/layers/linear.h"
#include "ops/max_pool2d/max_pool2d.h"

namespace denovo::detection {

/// Maps that a convolution reads: those of the one image, of any size (side 0), or the pooled ones
/// of any number of RoIs, none included, side x side.
struct OnnxMaps {
  OnnxValue value = {};
  int side = 0;
};

/// As nn::ConvNorm::forward in evaluation mode.
OnnxMaps export_conv_norm(ModelWeights& weights, const nn::ConvNorm& layer, const OnnxMaps& x,
                          const OnnxValue& residual = {});
/// x [R, C_in] -> [R, C_out].
OnnxValue export_linear(ModelWeights& weights, const nn::Linear& layer, const OnnxValue& x);
OnnxMaps export_deconv(ModelWeights& weights, const nn::Deconv2x& layer, const OnnxMaps& x);
OnnxValue export_max_pool(const OnnxValue& x, const ops::MaxPool2dOptions& options);

}  // namespace denovo::detection
