// Backbones as torchvision.models publishes them: resnet18 … 152, resnext and wide_resnet.
#pragma once

#include <vector>

#include "detection/config/model_config.h"
#include "detection/weights/rename_rules.h"

namespace denovo::detection {

/// torchvision's names of a ResNet of these options to those of nn::ResNet: conv1, bn1,
/// layerL.B.convI, bnI, downsample.0 and .1. num_batches_tracked and fc are left out.
std::vector<RenameRule> torchvision_resnet_rules(const nn::ResNetOptions& options);

/// torchvision trains on RGB, (p / 255 - mean) / std. Rewrites the first convolution [O, 3, kh, kw]
/// so that it gives the same result on the input of `pixel`: its input channels change order and
/// are scaled. Exact because both means are ImageNet's, so that zero padding means the same;
/// throws ConfigError for other means.
Tensor adapt_to_pixels(const Tensor& weight, const PixelConfig& pixel);

}  // namespace denovo::detection
