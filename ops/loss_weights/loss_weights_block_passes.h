// Loss weights in two launches: one block a group counts its rows, then every row is weighed. Runs
// on the backend that core/kernels/kernel.h picks: the GPU's run, and on the CPU the test of the
// same phases.
#pragma once

#include "core/kernels/block_scan.h"
#include "core/kernels/kernel.h"
#include "ops/loss_weights/loss_weights_math.h"

namespace denovo::ops::loss_weights_blocks {

/// divisors[g]: what the sum over the selected rows of a group is divided by.
struct GroupDivisors : BlockKernel {
  static constexpr int kPhases = 3;
  using Sum = BlockScan<int64_t, kThreads>;
  LossRows rows;
  LossNormalizer normalizer;
  int64_t num_rows, num_images, rows_per_image;
  int64_t* divisors;

  GroupDivisors(const LossWeights& args, int64_t* out)
      : rows(loss_rows(args)),
        normalizer(args.options.normalizer),
        num_rows(args.classes.numel()),
        num_images(args.options.num_images),
        rows_per_image(args.options.rows_per_image),
        divisors(out) {}
  int64_t shared_bytes() const { return Sum::kBytes; }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t first = at.block * rows.images_per_group, left = num_images - first;
    const int64_t images = rows.images_per_group < left ? rows.images_per_group : left;
    const Sum sum{at.share<int64_t>()};
    if constexpr (P == 0) {
      sum.put(at.thread, normalizer == LossNormalizer::kRowsPerImage
                             ? 0
                             : count(at.block, first, images, at.thread));
    } else if constexpr (P == 1) {
      sum.join(at.thread);
    } else {
      if (at.thread > 0) return;
      divisors[at.block] =
          normalizer == LossNormalizer::kRowsPerImage ? rows_per_image * images : sum.total();
    }
  }
  /// This thread's part of the rows of a group that enter its divisor.
  DENOVO_HD int64_t count(int64_t group, int64_t first, int64_t images, int thread) const {
    // Without indices the rows of a group lie together.
    const int64_t begin = rows.images ? 0 : first * rows.rows_of_image;
    const int64_t end = rows.images ? num_rows : begin + images * rows.rows_of_image;
    const bool all_valid = normalizer == LossNormalizer::kValidRows;
    int64_t result = 0;
    for (int64_t r = begin + thread; r < end; r += kThreads)
      result += rows.group(r) == group && (all_valid || rows.selected(r));
    return result;
  }
};

inline void run(Context& ctx, const LossWeights& args) {
  const int64_t groups = groups_of_batch(args.options);
  const Tensor divisor_tensor = Tensor::empty({groups}, DType::kI64, args.classes.device());
  auto* divisors = divisor_tensor.data<int64_t>();
  parallel_phases(ctx, groups, GroupDivisors(args, divisors));
  dispatch_f32_f64(args.options.dtype, [&]<class T>() {
    parallel_for(ctx, args.classes.numel(),
                 WeighRows<T>{loss_rows(args), divisors, groups_averaged(args.options),
                              args.weights.data<T>()});
  });
}

}  // namespace denovo::ops::loss_weights_blocks
