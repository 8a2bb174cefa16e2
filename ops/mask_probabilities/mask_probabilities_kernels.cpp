#include "ops/mask_probabilities/mask_probabilities_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Select {
  const T* logits;
  const int32_t* classes;
  T* probabilities;
  int64_t pixels, num_classes;
  DENOVO_HD void operator()(int64_t i) const {
    const int32_t k = classes[i / pixels];
    if (k < 0) {
      probabilities[i] = T(0.f);
      return;
    }
    const Compute<T> logit = logits[i * num_classes + k];
    probabilities[i] = static_cast<T>(1 / (1 + std::exp(-logit)));
  }
};

}  // namespace

void run(Context& ctx, const MaskProbabilities& args) {
  dispatch_floating(args.logits.dtype(), [&]<class T>() {
    parallel_for(
        ctx, args.probabilities.numel(),
        Select<T>{args.logits.data<T>(), args.classes.data<int32_t>(), args.probabilities.data<T>(),
                  args.logits.size(1) * args.logits.size(2), args.logits.size(3)});
  });
}

}  // namespace denovo::ops
