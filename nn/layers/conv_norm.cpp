#include "nn/layers/conv_norm.h"

#include "ops/add/add.h"
#include "ops/cast/cast.h"
#include "ops/conv2d/conv2d.h"

namespace denovo::nn {
namespace {

Initializer initializer(const ConvNormOptions& options, int64_t in_channels, int64_t out_channels) {
  const int64_t taps = int64_t{options.kernel} * options.kernel;
  switch (options.init) {
    case ConvNormOptions::Init::kXavier:
      return Initializer::xavier(in_channels / options.groups * taps);
    case ConvNormOptions::Init::kNormal:
      return Initializer::normal(options.deviation);
    case ConvNormOptions::Init::kMsra:
      break;
  }
  return Initializer::msra(out_channels * taps);
}

}  // namespace

ConvNorm::ConvNorm(int in_channels, int out_channels, const ConvNormOptions& options)
    : options_(options),
      weight_(*this, "weight",
              {out_channels, options.kernel, options.kernel, in_channels / options.groups},
              initializer(options, in_channels, out_channels), ParameterKind::kWeight,
              {FileLayout::kChannelsFirst}) {
  if (Norm::replaces_bias(options.norm)) {
    norm_ = std::make_unique<Child<Norm>>(*this, "norm", out_channels, options.norm);
  } else {
    bias_ = std::make_unique<Parameter>(*this, "bias", Shape{out_channels},
                                        Initializer::constant(0), ParameterKind::kBias);
  }
}

Tensor ConvNorm::forward(const Tensor& x, const Tensor& residual, const Tensor& slots) const {
  ops::Conv2dOptions convolution{.stride = options_.stride,
                                 .padding = options_.padding,
                                 .dilation = options_.dilation,
                                 .groups = options_.groups};
  const Tensor weight = ops::cast(weight_, x.dtype());
  if (norm_) {
    return (*norm_)->forward(ops::conv2d(x, weight, {}, convolution), options_.relu, residual,
                             slots);
  }
  convolution.relu = options_.relu && !residual.defined();
  const Tensor y = ops::conv2d(x, weight, ops::cast(*bias_, x.dtype()), convolution);
  return residual.defined() ? ops::add(y, residual, options_.relu) : y;
}

}  // namespace denovo::nn
