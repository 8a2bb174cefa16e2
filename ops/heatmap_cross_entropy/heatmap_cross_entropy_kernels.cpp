#include "ops/heatmap_cross_entropy/heatmap_cross_entropy_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"
#include "ops/softmax/softmax_math.h"

namespace denovo::ops {
namespace {

/// Map m = r J + j: its place p lies J elements behind place p - 1.
template <class T>
struct Maps {
  const T* logits;
  const int32_t* places;
  const Compute<T>* weights;
  int64_t size, keypoints;  // H W, J

  DENOVO_HD bool skipped(int64_t m) const { return weights[m] == 0 || places[m] < 0; }
  DENOVO_HD int64_t offset(int64_t m) const {
    return m / keypoints * size * keypoints + m % keypoints;
  }
};

template <class T>
struct Forward {
  Maps<T> maps;
  Compute<T>* losses;
  DENOVO_HD void operator()(int64_t m) const {
    if (maps.skipped(m)) {
      losses[m] = 0;
      return;
    }
    const T* map = maps.logits + maps.offset(m);
    const auto stats = softmax_stats(map, maps.size, maps.keypoints);
    const int64_t place = maps.places[m];
    const Compute<T> right =
        place < maps.size ? Compute<T>(map[place * maps.keypoints]) : Compute<T>(NAN);
    // Differences to the maximum first: they are exact where large logits would round.
    losses[m] = maps.weights[m] * (std::log(stats.sum) - (right - stats.max));
  }
};

template <class T>
struct Backward {
  Maps<T> maps;
  const Compute<T>* grad_y;
  T* grad_logits;
  bool accumulate;
  DENOVO_HD void operator()(int64_t m) const {
    const T* map = maps.logits + maps.offset(m);
    T* grad = grad_logits + maps.offset(m);
    const int64_t stride = maps.keypoints, end = maps.size * stride;
    if (maps.skipped(m)) {
      for (int64_t i = 0; i < end && !accumulate; i += stride)
        grad[i] = static_cast<T>(Compute<T>(0));
      return;
    }
    const Compute<T> scale = maps.weights[m] * *grad_y;
    const auto stats = softmax_stats(map, maps.size, stride);
    const int64_t right = maps.places[m] * stride;
    for (int64_t i = 0; i < end; i += stride) {
      const Compute<T> target = i == right ? 1 : 0;
      const Compute<T> g = scale * (softmax_value(map[i], stats) - target);
      grad[i] = static_cast<T>(accumulate ? Compute<T>(grad[i]) + g : g);
    }
  }
};

template <class T>
Maps<T> maps_of(const HeatmapCrossEntropyInputs& in) {
  return {in.logits.data<T>(), in.places.data<int32_t>(), in.weights.data<Compute<T>>(),
          in.logits.size(1) * in.logits.size(2), in.logits.size(3)};
}

}  // namespace

void run(Context& ctx, const HeatmapCrossEntropyForward& args) {
  dispatch_floating(args.inputs.logits.dtype(), [&]<class T>() {
    const Maps<T> maps = maps_of<T>(args.inputs);
    parallel_for(ctx, args.losses.numel(), Forward<T>{maps, args.losses.data<Compute<T>>()},
                 maps.size);
  });
}

void run(Context& ctx, const HeatmapCrossEntropyBackward& args) {
  dispatch_floating(args.inputs.logits.dtype(), [&]<class T>() {
    const Maps<T> maps = maps_of<T>(args.inputs);
    parallel_for(ctx, args.inputs.places.numel(),
                 Backward<T>{maps, args.grad_y.data<Compute<T>>(), args.grad_logits.data<T>(),
                             args.beta != 0},
                 maps.size);
  });
}

}  // namespace denovo::ops
