#include "nn/backbone/fpn.h"

#include <fmt/format.h>

#include "core/run/profile.h"
#include "ops/upsample_add/upsample_add.h"

namespace denovo::nn {

ResNetFpn::ResNetFpn(const ResNetOptions& resnet, const FpnOptions& options)
    : channels_(options.channels),
      bottom_up_(*this, "bottom_up", resnet),
      laterals_(*this),
      outputs_(*this) {
  const ConvNormOptions lateral{
      .kernel = 1, .norm = options.norm, .init = ConvNormOptions::Init::kXavier};
  const ConvNormOptions output{
      .kernel = 3, .padding = 1, .norm = options.norm, .init = ConvNormOptions::Init::kXavier};
  for (size_t i = 0; i < ResNet::strides().size(); ++i) {
    const int level = pyramid_level(ResNet::strides()[i]);
    laterals_.add(fmt::format("fpn_lateral{}", level), bottom_up_->channels()[i], options.channels,
                  lateral);
    outputs_.add(fmt::format("fpn_output{}", level), options.channels, options.channels, output);
  }
}

std::vector<Tensor> ResNetFpn::forward(const Tensor& x) const {
  const std::vector<Tensor> stages = bottom_up_->forward(x);
  const ProfileGroup group("fpn");
  std::vector<Tensor> levels(kStrides.size());
  Tensor top;
  for (size_t i = stages.size(); i-- > 0;) {
    const Tensor lateral = laterals_[i].forward(stages[i]);
    top = top.defined() ? ops::upsample_add(lateral, top) : lateral;
    levels[i] = outputs_[i].forward(top);
  }
  levels.back() = ops::max_pool2d(levels[stages.size() - 1], kEverySecond);
  return levels;
}

}  // namespace denovo::nn
