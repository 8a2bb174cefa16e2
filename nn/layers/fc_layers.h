// The fully connected layers behind a map: of a box head, of a VGG classifier.
#pragma once

#include <string>

#include "nn/layers/linear.h"
#include "ops/dropout/dropout.h"

namespace denovo::nn {

struct FcOptions {
  int count = 1;
  int channels = 1024;
  int resolution = 7;  // side of the map that the first one reads
  bool msra = false;   // initialiser N(0, sqrt(2 / fan_in)); false: c2_xavier_fill
  double dropout = 0;  // rate behind each layer, in training
};

/// The map flattened, then count x (linear, ReLU, dropout). A part of its owner, in whose state
/// dict it is prefix1, prefix2, ...; files keep PyTorch's order of columns, C, H, W.
class FcLayers {
 public:
  /// Without a layer the flattened map is the result.
  FcLayers(Module& owner, const std::string& prefix, int in_channels, const FcOptions& options);

  /// x [R, S, S, C] -> [R, out_features()]. Drops out where the owner is training and rows say
  /// what draws depend on.
  Tensor forward(const Tensor& x, const ops::DropoutRows& rows = {}) const;
  int64_t out_features() const { return out_features_; }
  const ChildList<Linear>& layers() const { return layers_; }

 private:
  const Module& owner_;
  double dropout_;
  int64_t out_features_;
  ChildList<Linear> layers_;
};

}  // namespace denovo::nn
