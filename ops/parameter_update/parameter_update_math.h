// The part of an update that does not depend on the optimiser.
#pragma once

#include <limits>

#include "core/kernels/host_device.h"
#include "core/run/step_state.h"
#include "ops/parameter_update/parameter_update.h"

namespace denovo::ops {

/// What the elements of one block share.
template <class T>
struct BlockUpdate {
  int64_t begin;  // first element
  T decay, lr;
  T scale, limit;  // of the gradient
  bool skip;       // a step was not finite: nothing changes any more

  DENOVO_HD T clipped(T gradient) const {
    const T scaled = scale * gradient;
#ifdef __CUDA_ARCH__
    return fmin(fmax(scaled, -limit), limit);  // an instruction each; a comparison takes two
#else
    return scaled > limit ? limit : scaled < -limit ? -limit : scaled;
#endif
  }
};

/// Where a block finds that.
struct BlockFactors {
  const uint8_t* group_of_block;
  const double* factors;
  GradientClip clip;
  const StepState* state;

  template <class T>
  DENOVO_HD BlockUpdate<T> of(int64_t block) const {
    const double* group = factors + 2 * group_of_block[block];
    const bool too_long = clip.norm > 0 && state->grad_norm > clip.norm;
    return {block * kUpdateBlock,
            static_cast<T>(group[0]),
            static_cast<T>(state->lr * group[1]),
            static_cast<T>(too_long ? clip.norm / state->grad_norm : 1.0),
            clip.value > 0 ? static_cast<T>(clip.value) : std::numeric_limits<T>::infinity(),
            state->faulted != 0};
  }
};

/// The last kernel of an update.
struct CountUpdate {
  StepState* state;
  DENOVO_HD void operator()(int64_t) const {
    if (!state->faulted) ++state->iteration;
  }
};

}  // namespace denovo::ops
