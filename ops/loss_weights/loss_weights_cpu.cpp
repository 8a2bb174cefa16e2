#include <algorithm>
#include <vector>

#include "ops/loss_weights/loss_weights_kernels.h"
#include "ops/loss_weights/loss_weights_math.h"

namespace denovo::ops {
namespace {

/// What the sum over the selected rows of each group is divided by, before the groups are averaged.
std::vector<int64_t> normalizers(const LossRows& rows, int64_t num_rows,
                                 const LossWeightOptions& options) {
  const int64_t per_group = options.images_per_group;
  std::vector<int64_t> result(
      static_cast<size_t>((options.num_images + per_group - 1) / per_group));
  if (options.normalizer == LossNormalizer::kRowsPerImage) {
    for (size_t g = 0; g < result.size(); ++g) {
      const int64_t first = static_cast<int64_t>(g) * per_group;
      result[g] = options.rows_per_image * std::min(per_group, options.num_images - first);
    }
    return result;
  }
  const bool all_valid = options.normalizer == LossNormalizer::kValidRows;
  for (int64_t r = 0; r < num_rows; ++r) {
    const int64_t group = rows.group(r);
    if (group >= 0 && (all_valid || rows.selected(r))) ++result[static_cast<size_t>(group)];
  }
  return result;
}

}  // namespace

void run(CpuContext&, const LossWeights& args) {
  const LossWeightOptions& options = args.options;
  const int64_t num_rows = args.classes.numel();
  const bool by_index = args.images.defined();
  const LossRows rows{args.classes.data<int32_t>(),
                      by_index ? args.images.data<int32_t>() : nullptr,
                      by_index ? 0 : args.classes.size(1),
                      options.images_per_group,
                      options.class_begin,
                      options.class_end};
  const auto divisors = normalizers(rows, num_rows, options);
  const int64_t groups =
      options.total_groups > 0 ? options.total_groups : static_cast<int64_t>(divisors.size());
  dispatch_f32_f64(options.dtype, [&]<class T>() {
    T* weights = args.weights.data<T>();
    for (int64_t r = 0; r < num_rows; ++r) {
      const int64_t group = rows.group(r);
      const int64_t divisor =
          group >= 0 && rows.selected(r) ? divisors[static_cast<size_t>(group)] : 0;
      weights[r] = divisor > 0 ? T(1) / static_cast<T>(divisor * groups) : T(0);
    }
  });
}

}  // namespace denovo::ops
