// Fully connected and up-sampling layers.
#pragma once

#include "nn/module.h"

namespace denovo::nn {

/// y = act(x W^T + b), x [R, C_in]. State dict: weight [C_out, C_in], bias [C_out].
class Linear : public Module {
 public:
  /// format: kFlattened when x is a flattened map, so that files keep PyTorch's order of columns.
  Linear(int64_t in_features, int64_t out_features, Initializer init, bool relu = false,
         FileFormat format = {});
  Tensor forward(const Tensor& x) const;
  bool relu() const { return relu_; }
  const Tensor& weight() const { return weight_; }
  const Tensor& bias() const { return bias_; }

 private:
  bool relu_;
  Parameter weight_, bias_;
};

struct Deconv2xOptions {
  int kernel = 2;  // even; padding is what doubles height and width
  bool relu = true;
};

/// Transposed convolution of stride 2: doubles height and width. State dict: weight, bias.
class Deconv2x : public Module {
 public:
  Deconv2x(int in_channels, int out_channels, Deconv2xOptions options = {});
  Tensor forward(const Tensor& x) const;
  const Tensor& weight() const { return weight_; }
  const Tensor& bias() const { return bias_; }

 private:
  Deconv2xOptions options_;
  Parameter weight_, bias_;
};

}  // namespace denovo::nn
