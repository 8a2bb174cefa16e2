#include "nn/backbone/resnet.h"

#include <fmt/format.h>

#include "core/run/profile.h"

namespace denovo::nn {
namespace {

constexpr const char* kStageNames[] = {"res2", "res3", "res4", "res5"};
constexpr size_t kNumStages = ResNet::strides().size();
static_assert(std::size(kStageNames) == kNumStages);

ConvNormOptions conv_options(const ResNetOptions& options, int kernel, int stride, bool relu,
                             int groups = 1) {
  return {.kernel = kernel,
          .stride = stride,
          .padding = kernel / 2,
          .groups = groups,
          .relu = relu,
          .norm = options.norm,
          .init = options.xavier ? ConvNormOptions::Init::kXavier : ConvNormOptions::Init::kMsra};
}

}  // namespace

ResNetOptions ResNetOptions::of_depth(int depth) {
  ResNetOptions options;
  switch (depth) {
    case 18:
      options.blocks = {2, 2, 2, 2};
      break;
    case 34:
    case 50:
      options.blocks = {3, 4, 6, 3};
      break;
    case 101:
      options.blocks = {3, 4, 23, 3};
      break;
    case 152:
      options.blocks = {3, 8, 36, 3};
      break;
    default:
      throw ConfigError(fmt::format("resnet: depth must be 18, 34, 50, 101 or 152, got {}", depth));
  }
  options.bottleneck = depth >= 50;
  if (!options.bottleneck) options.channels = {64, 128, 256, 512};
  return options;
}

int ResNetOptions::bottleneck_channels(size_t stage) const {
  return width_per_group > 0 ? (groups * width_per_group) << stage : channels[stage] / 4;
}

void ResNetOptions::check() const {
  if (blocks.size() != kNumStages)
    throw ConfigError(fmt::format("resnet: blocks must name four stages, got {}", blocks.size()));
  if (channels.size() != kNumStages) {
    throw ConfigError(
        fmt::format("resnet: channels must name four stages, got {}", channels.size()));
  }
  for (size_t stage = 0; bottleneck && stage < kNumStages; ++stage) {
    const int width = bottleneck_channels(stage);
    if (width < 1 || width % groups != 0) {
      throw ConfigError(fmt::format(
          "resnet: the bottleneck width of {} must be a positive multiple of groups = {}, got {}",
          kStageNames[stage], groups, width));
    }
  }
}

ResidualBlock::ResidualBlock(const ResNetOptions& options, int in_channels, int bottleneck_channels,
                             int out_channels, int stride)
    : convs_(*this) {
  if (in_channels != out_channels || stride != 1) {
    shortcut_ = std::make_unique<Child<ConvNorm>>(*this, "shortcut", in_channels, out_channels,
                                                  conv_options(options, 1, stride, false));
  }
  if (options.bottleneck) {
    const int stride1 = options.stride_in_1x1 ? stride : 1,
              stride2 = options.stride_in_1x1 ? 1 : stride;
    convs_.add("conv1", in_channels, bottleneck_channels, conv_options(options, 1, stride1, true));
    convs_.add("conv2", bottleneck_channels, bottleneck_channels,
               conv_options(options, 3, stride2, true, options.groups));
    convs_.add("conv3", bottleneck_channels, out_channels, conv_options(options, 1, 1, true));
  } else {
    convs_.add("conv1", in_channels, out_channels, conv_options(options, 3, stride, true));
    convs_.add("conv2", out_channels, out_channels, conv_options(options, 3, 1, true));
  }
}

Tensor ResidualBlock::forward(const Tensor& x) const {
  const Tensor residual = shortcut_ ? (*shortcut_)->forward(x) : x;
  Tensor y = x;
  for (size_t i = 0; i + 1 < convs_.size(); ++i) y = convs_[i].forward(y);
  return convs_[convs_.size() - 1].forward(y, residual);
}

Stem::Stem(const ResNetOptions& options)
    : conv1_(*this, "conv1", options.in_channels, options.stem_channels,
             conv_options(options, 7, 2, true)) {}

Tensor Stem::forward(const Tensor& x) const {
  return ops::max_pool2d(conv1_->forward(x), kPool);
}

ResNet::ResNet(const ResNetOptions& options) : stem_(*this, "stem", options) {
  options.check();
  int in_channels = options.stem_channels;
  for (size_t stage = 0; stage < kNumStages; ++stage) {
    stages_.push_back(std::make_unique<ChildList<ResidualBlock>>(*this));
    const int out_channels = options.channels[stage];
    for (int block = 0; block < options.blocks[stage]; ++block) {
      const int stride = block == 0 && stage > 0 ? 2 : 1;
      stages_.back()->add(fmt::format("{}.{}", kStageNames[stage], block), options, in_channels,
                          options.bottleneck_channels(stage), out_channels, stride);
      in_channels = out_channels;
    }
    channels_.push_back(out_channels);
  }
}

std::vector<Tensor> ResNet::forward(const Tensor& x) const {
  Tensor y;
  {
    const ProfileGroup group("stem");
    y = stem_->forward(x);
  }
  std::vector<Tensor> features;
  for (size_t stage = 0; stage < stages_.size(); ++stage) {
    const ProfileGroup group(kStageNames[stage]);
    for (const auto& block : *stages_[stage]) y = block->forward(y);
    features.push_back(y);
  }
  return features;
}

void ResNet::freeze(int freeze_at) const {
  if (freeze_at >= 1) stem_->set_trainable(false);
  for (size_t stage = 0; stage < stages_.size() && static_cast<int>(stage) < freeze_at - 1;
       ++stage) {
    for (const auto& block : *stages_[stage]) block->set_trainable(false);
  }
}

}  // namespace denovo::nn
