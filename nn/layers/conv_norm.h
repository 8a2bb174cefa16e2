// Convolution, normalisation, activation: the building block of every network here.
#pragma once

#include <memory>

#include "nn/layers/norm.h"
#include "nn/module.h"

namespace denovo::nn {

struct ConvNormOptions {
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int dilation = 1;
  int groups = 1;
  bool relu = false;
  NormOptions norm{.kind = NormKind::kNone};
  enum class Init { kMsra, kXavier, kNormal } init = Init::kMsra;
  double deviation = 0.01;  // for kNormal
};

/// y = act(norm(conv(x)) + residual). State dict: weight, bias (without norm only), norm.*.
class ConvNorm : public Module {
 public:
  ConvNorm(int in_channels, int out_channels, const ConvNormOptions& options);

  Tensor forward(const Tensor& x, const Tensor& residual = {}, const Tensor& slots = {}) const;
  const ConvNormOptions& options() const { return options_; }
  const Tensor& weight() const { return weight_; }
  /// Null beside a norm that replaces it.
  const Parameter* bias() const { return bias_.get(); }
  /// Null where there is none.
  const Norm* norm() const { return norm_ ? &**norm_ : nullptr; }
  int out_channels() const { return static_cast<int>(weight_.tensor().size(0)); }

 private:
  ConvNormOptions options_;
  Parameter weight_;
  std::unique_ptr<Parameter> bias_;
  std::unique_ptr<Child<Norm>> norm_;
};

}  // namespace denovo::nn
