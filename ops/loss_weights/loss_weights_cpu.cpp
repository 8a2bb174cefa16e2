#include <algorithm>
#include <vector>

#include "core/kernels/parallel.h"
#include "ops/loss_weights/loss_weights_kernels.h"
#include "ops/loss_weights/loss_weights_math.h"

namespace denovo::ops {
namespace {

/// What the sum over the selected rows of each group is divided by, before the groups are averaged.
std::vector<int64_t> normalizers(const LossRows& rows, int64_t num_rows,
                                 const LossWeightOptions& options) {
  const int64_t per_group = options.images_per_group;
  std::vector<int64_t> result(static_cast<size_t>(groups_of_batch(options)));
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

void run(CpuContext& ctx, const LossWeights& args) {
  const LossWeightOptions& options = args.options;
  const int64_t num_rows = args.classes.numel();
  const LossRows rows = loss_rows(args);
  const auto divisors = normalizers(rows, num_rows, options);
  dispatch_f32_f64(options.dtype, [&]<class T>() {
    parallel_for(
        ctx, num_rows,
        WeighRows<T>{rows, divisors.data(), groups_averaged(options), args.weights.data<T>()});
  });
}

}  // namespace denovo::ops
