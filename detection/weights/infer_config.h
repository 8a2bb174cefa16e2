// The architecture of a model from the names and shapes of its tensors.
#pragma once

#include <string>
#include <vector>

#include "detection/config/model_file_config.h"

namespace denovo::detection {

/// A tensor in our names, of the shape that files have.
struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;
};

struct InferredConfig {
  ModelFileConfig config;
  int num_classes = 0;  // without the background; 0: a trunk alone
};

/// Depth or blocks, widths, groups, norms, pyramid, heads, stages and classes of a ResNet or VGG
/// trunk, or of a detector around it; all else keeps its default. Running statistics mean frozen
/// batch norm. The scores must have a row for the background. Throws IoError "<source>: …" for what
/// no configuration describes.
InferredConfig infer_config(const std::vector<NamedShape>& tensors, const std::string& source);

}  // namespace denovo::detection
