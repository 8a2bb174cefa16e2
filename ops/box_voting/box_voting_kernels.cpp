#include "ops/box_voting/box_voting_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/nms/nms_math.h"

namespace denovo::ops {
namespace {

/// overlaps() asks for more than its threshold: the largest T that is not enough.
template <class T>
T threshold_below(double threshold) {
  const T rounded = static_cast<T>(threshold);
  return rounded < threshold ? rounded : std::nextafter(rounded, T(-1));
}

template <class T>
struct Vote {
  const T* kept;
  const int32_t* kept_classes;
  const T *boxes, *scores;
  const int32_t* classes;
  int64_t slots, candidates;
  T threshold;
  T* voted;

  DENOVO_HD void operator()(int64_t i) const {
    const T* own = kept + 4 * i;
    T* out = voted + 4 * i;
    for (int k = 0; k < 4; ++k) out[k] = own[k];
    const int32_t own_class = kept_classes[i];
    if (own_class < 0) return;
    const NmsBox<T> place = nms_box(own);
    const int64_t first = i / slots * candidates;
    double sums[4] = {0, 0, 0, 0}, weight = 0;
    for (int64_t c = first; c < first + candidates; ++c) {
      const T* box = boxes + 4 * c;
      if (classes[c] != own_class || !is_candidate(box, scores[c], own_class) ||
          !overlaps(place, nms_box(box), threshold))
        continue;
      const double score = static_cast<double>(scores[c]);
      for (int k = 0; k < 4; ++k) sums[k] += score * static_cast<double>(box[k]);
      weight += score;
    }
    if (!(weight > 0)) return;
    for (int k = 0; k < 4; ++k) out[k] = static_cast<T>(sums[k] / weight);
  }
};

}  // namespace

void run(Context& ctx, const VoteBoxes& args) {
  dispatch_f32_f64(args.kept.dtype(), [&]<class T>() {
    const int64_t candidates = args.boxes.size(1);
    parallel_for(
        ctx, args.kept_classes.numel(),
        Vote<T>{args.kept.data<T>(), args.kept_classes.data<int32_t>(), args.boxes.data<T>(),
                args.scores.data<T>(), args.classes.data<int32_t>(), args.kept.size(1), candidates,
                threshold_below<T>(args.iou_threshold), args.voted.data<T>()},
        candidates);
  });
}

}  // namespace denovo::ops
