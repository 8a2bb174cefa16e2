#include "ops/mask_classes/mask_classes_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

struct Select {
  const int32_t *classes, *images, *gt;
  const int32_t *instance_polygons, *instance_runs;  // runs: null where no instance has some
  int64_t num_instances;
  int32_t* result;

  DENOVO_HD bool has_mask(int64_t r) const {
    if (images[r] < 0 || gt[r] < 0) return false;
    const int64_t i = images[r] * (num_instances + 1) + gt[r];
    return instance_polygons[i] < instance_polygons[i + 1] ||
           (instance_runs && instance_runs[i] < instance_runs[i + 1]);
  }
  DENOVO_HD void operator()(int64_t r) const { result[r] = has_mask(r) ? classes[r] : -1; }
};

}  // namespace

void run(Context& ctx, const MaskClasses& args) {
  const InstanceMasks& masks = args.masks;
  parallel_for(ctx, args.classes.numel(),
               Select{args.classes.data<int32_t>(), args.images.data<int32_t>(),
                      args.gt.data<int32_t>(), masks.instance_polygons.data<int32_t>(),
                      masks.run_ends.defined() ? masks.instance_runs.data<int32_t>() : nullptr,
                      masks.instance_polygons.size(1) - 1, args.result.data<int32_t>()});
}

}  // namespace denovo::ops
