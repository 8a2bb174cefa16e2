#include "nn/layers/linear.h"

#include "ops/cast/cast.h"
#include "ops/conv2d/conv_transpose2d.h"
#include "ops/linear/linear.h"

namespace denovo::nn {

Linear::Linear(int64_t in_features, int64_t out_features, Initializer init, bool relu,
               FileFormat format)
    : relu_(relu),
      weight_(*this, "weight", {out_features, in_features}, init, ParameterKind::kWeight, format),
      bias_(*this, "bias", {out_features}, Initializer::constant(0), ParameterKind::kBias) {}

Tensor Linear::forward(const Tensor& x) const {
  return ops::linear(x, ops::cast(weight_, x.dtype()), ops::cast(bias_, x.dtype()), relu_);
}

// fan_out of a transposed convolution in PyTorch's [C_in, C_out, kh, kw] counts C_in.
Deconv2x::Deconv2x(int in_channels, int out_channels, Deconv2xOptions options)
    : options_(options),
      weight_(*this, "weight", {in_channels, options.kernel, options.kernel, out_channels},
              Initializer::msra(int64_t{in_channels} * options.kernel * options.kernel),
              ParameterKind::kWeight, {FileLayout::kChannelsFirst}),
      bias_(*this, "bias", {out_channels}, Initializer::constant(0), ParameterKind::kBias) {}

Tensor Deconv2x::forward(const Tensor& x) const {
  return ops::conv_transpose2d(
      x, ops::cast(weight_, x.dtype()), ops::cast(bias_, x.dtype()),
      {.stride = 2, .padding = (options_.kernel - 2) / 2, .relu = options_.relu});
}

}  // namespace denovo::nn
