#include "ops/roi_classes/roi_classes_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

struct Classify {
  const int32_t *labels, *matched, *gt_classes;
  int32_t *classes, *images;
  int64_t num_slots, num_gt;
  int32_t num_classes;
  DENOVO_HD void operator()(int64_t i) const {
    const int64_t n = i / num_slots;
    const int32_t label = labels[i];
    classes[i] = label < 0 ? -1 : label == 0 ? num_classes : gt_classes[n * num_gt + matched[i]];
    images[i] = label < 0 ? -1 : static_cast<int32_t>(n);
  }
};

}  // namespace

void run(Context& ctx, const RoiClassesArgs& args) {
  parallel_for(ctx, args.labels.numel(),
               Classify{args.labels.data<int32_t>(), args.matched.data<int32_t>(),
                        args.gt_classes.data<int32_t>(), args.classes.data<int32_t>(),
                        args.images.data<int32_t>(), args.labels.size(1), args.gt_classes.size(1),
                        args.num_classes});
}

}  // namespace denovo::ops
