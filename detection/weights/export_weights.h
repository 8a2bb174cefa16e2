// Models of ours in the names and conventions of other codebases.
#pragma once

#include <string>
#include <vector>

#include "detection/weights/codebases.h"

namespace denovo::detection {

struct ExportedWeights {
  std::string line;               // what was written
  std::vector<std::string> told;  // sentences on how their model must be built to be the same
};

/// Writes a model file (a detector, or the classifier or backbone of pretrain_imagenet) as a state
/// dict of torchvision or detectron2: for `out` ending in .pth as PyTorch's (torch_writer.h),
/// otherwise as safetensors. For torchvision the background comes first, COCO's 80 classes get the
/// rows of their ids in 91, and the first convolution takes pixels / 255 in RGB with ImageNet's
/// mean and deviation; for detectron2 the names are ours. Throws IoError naming the file when it
/// says too little of itself, ConfigError for a mean that cannot be folded.
ExportedWeights export_weights(const std::string& path, Codebase to, const std::string& out);

}  // namespace denovo::detection
