#include "ops/detection_candidates/detection_candidates_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Split {
  const T* probabilities;
  const int32_t* counts;
  T* scores;
  int32_t* groups;
  int64_t num_proposals, num_classes;
  T threshold;
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t row = i / num_classes, k = i % num_classes;
    const T score = probabilities[row * (num_classes + 1) + k];
    const bool used = row % num_proposals < counts[row / num_proposals];
    scores[i] = score;
    groups[i] = used && score > threshold ? static_cast<int32_t>(k) : -1;
  }
};

}  // namespace

void run(Context& ctx, const DetectionCandidatesArgs& args) {
  dispatch_f32_f64(args.probabilities.dtype(), [&]<class T>() {
    parallel_for(
        ctx, args.scores.numel(),
        Split<T>{args.probabilities.data<T>(), args.counts.data<int32_t>(), args.scores.data<T>(),
                 args.groups.data<int32_t>(), args.probabilities.size(0) / args.counts.size(0),
                 args.probabilities.size(1) - 1, static_cast<T>(args.score_threshold)});
  });
}

}  // namespace denovo::ops
