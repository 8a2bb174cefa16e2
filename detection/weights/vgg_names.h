// The names of torchvision's VGGs, whose layers are numbered through.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "detection/weights/rename_rules.h"

namespace denovo::detection {

/// The rules from torchvision's names to ours for the VGG that has `names`, theirs or ours: what
/// number a layer has depends on the depth, and on whether there are norms.
///   features.N     conv1_1, conv1_1.norm, conv1_2, ...; a ReLU and a pool count, too
///   classifier.0   roi_heads.box_head.fc1, which is fc6      .3   fc2, which is fc7
///   classifier.6   linear
std::vector<RenameRule> torchvision_vgg_rules(std::span<const std::string> names);

}  // namespace denovo::detection
