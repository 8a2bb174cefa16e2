#include "ops/append_ground_truth/append_ground_truth_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Append {
  const T *proposals, *gt_boxes;
  const int32_t *counts, *gt_classes;
  T* boxes;
  int32_t* valid;
  int64_t num_proposals, num_gt;
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t n = i / (num_proposals + num_gt), slot = i % (num_proposals + num_gt),
                  g = slot - num_proposals;
    const bool used = g < 0 ? slot < counts[n] : gt_classes[n * num_gt + g] >= 0;
    const T* source =
        g < 0 ? proposals + 4 * (n * num_proposals + slot) : gt_boxes + 4 * (n * num_gt + g);
    for (int k = 0; k < 4; ++k) boxes[4 * i + k] = used ? source[k] : T(0);
    valid[i] = used ? 0 : -1;
  }
};

}  // namespace

void run(Context& ctx, const AppendGroundTruth& args) {
  dispatch_f32_f64(args.proposals.dtype(), [&]<class T>() {
    parallel_for(
        ctx, args.boxes.numel() / 4,
        Append<T>{args.proposals.data<T>(), args.gt_boxes.data<T>(), args.counts.data<int32_t>(),
                  args.gt_classes.data<int32_t>(), args.boxes.data<T>(), args.valid.data<int32_t>(),
                  args.proposals.size(1), args.gt_boxes.size(1)});
  });
}

}  // namespace denovo::ops
