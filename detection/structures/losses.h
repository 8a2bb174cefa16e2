// What the losses of all parts of a detector have in common.
#pragma once

#include "core/run/step_state.h"
#include "nn/training/micro_batch.h"

namespace denovo::detection {

using nn::NamedLosses;

/// How per-image sums become the objective: means within groups of images_per_group images,
/// averaged over total_groups (all ranks and accumulated micro-batches; 0: the groups of this
/// batch).
struct LossGroups {
  int images_per_group = 2;
  int64_t total_groups = 0;
};

/// What sampling depends on: draws are a function of the seed, the step and the image.
struct SamplingKey {
  uint64_t seed = 0;
  const DeviceStepState* step = nullptr;
};

}  // namespace denovo::detection
