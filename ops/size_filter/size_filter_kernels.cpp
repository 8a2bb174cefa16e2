#include "ops/size_filter/size_filter_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Filter {
  const T* boxes;
  const int32_t* groups;
  int32_t* filtered;
  int64_t num_boxes;
  T min_size;
  DENOVO_HD void operator()(int64_t i) const {
    const T* box = boxes + 4 * i;
    // Every comparison with NaN is false, so a broken box is dropped.
    const bool large = box[2] - box[0] > min_size && box[3] - box[1] > min_size;
    filtered[i] = large ? groups[i % num_boxes] : -1;
  }
};

}  // namespace

void run(Context& ctx, const SizeFilter& args) {
  dispatch_f32_f64(args.boxes.dtype(), [&]<class T>() {
    parallel_for(
        ctx, args.filtered.numel(),
        Filter<T>{args.boxes.data<T>(), args.groups.data<int32_t>(), args.filtered.data<int32_t>(),
                  args.groups.size(0), static_cast<T>(args.min_size)});
  });
}

}  // namespace denovo::ops
