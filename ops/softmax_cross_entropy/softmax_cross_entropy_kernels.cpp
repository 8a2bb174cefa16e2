#include "ops/softmax_cross_entropy/softmax_cross_entropy_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"
#include "ops/softmax/softmax_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  const T* logits;
  const int32_t* labels;
  const Compute<T>* weights;
  Compute<T>* losses;
  int64_t classes;
  Compute<T> smoothing;

  DENOVO_HD void operator()(int64_t r) const {
    const Compute<T> weight = weights[r];
    const int32_t label = labels[r];
    if (weight == 0 || label < 0) {
      losses[r] = 0;
      return;
    }
    const T* row = logits + r * classes;
    const auto stats = softmax_stats(row, classes);
    // Differences to the maximum first: they are exact where large logits would round.
    const Compute<T> target = label < classes ? Compute<T>(row[label]) : Compute<T>(NAN);
    losses[r] = weight * (std::log(stats.sum) - expected(row, target - stats.max, stats.max));
  }

  /// Of logits less their maximum under the targets. A term of weight 0 is left out: 0 * inf is
  /// NaN.
  DENOVO_HD Compute<T> expected(const T* row, Compute<T> target, Compute<T> max) const {
    if (smoothing == 0) return target;
    Compute<T> sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += Compute<T>(row[c]) - max;
    return (1 - smoothing) * target + smoothing * (sum / static_cast<Compute<T>>(classes));
  }
};

template <class T>
struct Backward {
  const T* logits;
  const int32_t* labels;
  const Compute<T>*weights, *grad_y;
  T* grad_logits;
  int64_t classes;
  Compute<T> smoothing;
  bool accumulate;

  DENOVO_HD void operator()(int64_t r) const {
    const T* row = logits + r * classes;
    T* grad = grad_logits + r * classes;
    const int32_t label = labels[r];
    if (weights[r] == 0 || label < 0) {
      for (int64_t c = 0; c < classes && !accumulate; ++c) grad[c] = static_cast<T>(Compute<T>(0));
      return;
    }
    const Compute<T> scale = weights[r] * *grad_y;
    const auto stats = softmax_stats(row, classes);
    const Compute<T> other = smoothing / static_cast<Compute<T>>(classes);
    for (int64_t c = 0; c < classes; ++c) {
      const Compute<T> target = c == label ? 1 - smoothing + other : other;
      const Compute<T> g = scale * (softmax_value(row[c], stats) - target);
      grad[c] = static_cast<T>(accumulate ? Compute<T>(grad[c]) + g : g);
    }
  }
};

}  // namespace

void run(Context& ctx, const SoftmaxCrossEntropyForward& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    const int64_t classes = args.logits.size(-1);
    parallel_for(ctx, args.labels.numel(),
                 Forward<T>{args.logits.data<T>(), args.labels.data<int32_t>(),
                            args.weights.data<Compute<T>>(), args.losses.data<Compute<T>>(),
                            classes, static_cast<Compute<T>>(args.label_smoothing)},
                 classes);
  });
}

void run(Context& ctx, const SoftmaxCrossEntropyBackward& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    const int64_t classes = args.logits.size(-1);
    parallel_for(ctx, args.labels.numel(),
                 Backward<T>{args.logits.data<T>(), args.labels.data<int32_t>(),
                             args.weights.data<Compute<T>>(), args.grad_y.data<Compute<T>>(),
                             args.grad_logits.data<T>(), classes,
                             static_cast<Compute<T>>(args.label_smoothing), args.beta != 0},
                 classes);
  });
}

}  // namespace denovo::ops
