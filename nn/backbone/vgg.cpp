#include "nn/backbone/vgg.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/run/profile.h"

namespace denovo::nn {
namespace {

constexpr const char* kStageNames[] = {"conv1", "conv2", "conv3", "conv4", "conv5"};
static_assert(std::size(kStageNames) == Vgg::kNumStages);

}  // namespace

VggOptions VggOptions::of_depth(int depth) {
  VggOptions options;
  switch (depth) {
    case 11:
      options.convs = {1, 1, 2, 2, 2};
      break;
    case 13:
      options.convs = {2, 2, 2, 2, 2};
      break;
    case 16:
      options.convs = {2, 2, 3, 3, 3};
      break;
    case 19:
      options.convs = {2, 2, 4, 4, 4};
      break;
    default:
      throw ConfigError(fmt::format("vgg: depth must be 11, 13, 16 or 19, got {}", depth));
  }
  return options;
}

void VggOptions::check() const {
  if (convs.size() != Vgg::kNumStages)
    throw ConfigError(fmt::format("vgg: convs must name five stages, got {}", convs.size()));
  if (channels.size() != Vgg::kNumStages)
    throw ConfigError(fmt::format("vgg: channels must name five stages, got {}", channels.size()));
}

Vgg::Vgg(const VggOptions& options) : last_pool_(options.last_pool) {
  options.check();
  int in_channels = options.in_channels;
  for (size_t stage = 0; stage < kNumStages; ++stage) {
    stages_.push_back(std::make_unique<ChildList<ConvNorm>>(*this));
    for (int i = 0; i < options.convs[stage]; ++i) {
      stages_.back()->add(fmt::format("{}_{}", kStageNames[stage], i + 1), in_channels,
                          options.channels[stage],
                          ConvNormOptions{.kernel = 3,
                                          .padding = 1,
                                          .relu = true,
                                          .norm = options.norm,
                                          .init = options.xavier ? ConvNormOptions::Init::kXavier
                                                                 : ConvNormOptions::Init::kMsra});
      in_channels = options.channels[stage];
    }
  }
  channels_ = {in_channels};
}

std::vector<Tensor> Vgg::forward(const Tensor& x) const {
  Tensor y = x;
  for (size_t stage = 0; stage < kNumStages; ++stage) {
    const ProfileGroup group(kStageNames[stage]);
    for (const auto& conv : *stages_[stage]) y = conv->forward(y);
    if (stage + 1 < kNumStages || last_pool_) y = ops::max_pool2d(y, kPool);
  }
  return {y};
}

void Vgg::freeze(int freeze_at) const {
  for (size_t stage = 0; stage < kNumStages && static_cast<int>(stage) < freeze_at; ++stage)
    for (const auto& conv : *stages_[stage]) conv->set_trainable(false);
}

}  // namespace denovo::nn
