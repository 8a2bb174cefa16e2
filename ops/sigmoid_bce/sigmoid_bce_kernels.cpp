#include "ops/sigmoid_bce/sigmoid_bce_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/sigmoid/sigmoid_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  const T* logits;
  const int32_t* labels;
  const Compute<T>* weights;
  Compute<T>* losses;
  DENOVO_HD void operator()(int64_t r) const {
    const bool skipped = weights[r] == 0 || labels[r] < 0;
    const auto x = static_cast<Compute<T>>(logits[r]);
    losses[r] = skipped ? Compute<T>(0) : weights[r] * sigmoid_bce_value(x, labels[r] != 0);
  }
};

template <class T>
struct Backward {
  const T* logits;
  const int32_t* labels;
  const Compute<T>*weights, *grad_y;
  T* grad_logits;
  bool accumulate;
  DENOVO_HD void operator()(int64_t r) const {
    using C = Compute<T>;
    const bool skipped = weights[r] == 0 || labels[r] < 0;
    const C target = labels[r] != 0 ? C(1) : C(0);
    const C slope = sigmoid_value(static_cast<C>(logits[r])) - target;
    const C g = skipped ? C(0) : weights[r] * *grad_y * slope;
    grad_logits[r] = static_cast<T>(accumulate ? static_cast<C>(grad_logits[r]) + g : g);
  }
};

}  // namespace

void run(Context& ctx, const SigmoidBceForward& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    parallel_for(ctx, args.logits.numel(),
                 Forward<T>{args.logits.data<T>(), args.labels.data<int32_t>(),
                            args.weights.data<Compute<T>>(), args.losses.data<Compute<T>>()});
  });
}

void run(Context& ctx, const SigmoidBceBackward& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    parallel_for(ctx, args.logits.numel(),
                 Backward<T>{args.logits.data<T>(), args.labels.data<int32_t>(),
                             args.weights.data<Compute<T>>(), args.grad_y.data<Compute<T>>(),
                             args.grad_logits.data<T>(), args.beta != 0});
  });
}

}  // namespace denovo::ops
