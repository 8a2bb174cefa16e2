// The codebases whose detectors and backbones are read and written, as tables: their names, and
// what their weights mean. What a file is is told by its names.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "detection/config/model_file_config.h"
#include "detection/weights/rename_rules.h"

namespace denovo::detection {

enum class Codebase {
  kDetectron2,           // ours too; a detector, or the trunk alone
  kTorchvisionDetector,  // maskrcnn_resnet50_fpn and its siblings
  kTorchvisionResnet,    // torchvision.models.resnet*, timm's and MoCo's ResNets
  kTorchvisionVgg,       // torchvision.models.vgg*, with batch norm or without
  kDetectron,            // Caffe2's blobs: e2e_mask_rcnn_…, R-50.pkl, R-50-GN.pkl
};
/// Whose names they are: "torchvision".
const char* name(Codebase codebase);

/// Throws IoError "<source>: …", with some names, when they are nobody's.
Codebase codebase_of(std::span<const std::string> names, const std::string& source);

/// To the names of MaskRcnn: backbone.bottom_up.… for a trunk alone. names: of the model, theirs or
/// ours, on which numbers depend: of VGG's layers, of the heads of torchvision's second models.
std::vector<RenameRule> rename_rules(Codebase codebase, std::span<const std::string> names = {});

/// Caffe2's blob names as they are written in rename_rules(kDetectron): conv1_w is conv1.weight,
/// res2_0_branch2a_bn_s is res2_0_branch2a_bn.weight.
std::string with_dots(const std::string& blob);

/// Whether class 0 of the predictors is the background, which is the last of the scores here and
/// absent from boxes and masks.
bool has_background_first(Codebase codebase);

/// What is the same in every file of the codebase and its tensors do not tell: pixels, strides,
/// rounding of anchors, alignment of RoIs, rules at test time.
void set_conventions(Codebase codebase, ModelFileConfig& config);

}  // namespace denovo::detection
