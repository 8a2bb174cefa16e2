// Which rows count and how much, for the CPU and CUDA kernels.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"
#include "ops/loss_weights/loss_weights_kernels.h"

namespace denovo::ops {

struct LossRows {
  const int32_t* classes;
  const int32_t* images;  // of each rows_of_index rows; null: rows_of_image rows of each image, one
                          // image after the other
  int64_t rows_of_image, rows_of_index;
  int64_t images_per_group;
  int32_t class_begin, class_end;

  /// Group of a row, -1 when the row is not valid.
  DENOVO_HD int64_t group(int64_t r) const {
    if (classes[r] < 0) return -1;
    if (!images) return r / rows_of_image / images_per_group;
    const int32_t image = images[r / rows_of_index];
    return image < 0 ? -1 : image / images_per_group;
  }
  DENOVO_HD bool selected(int64_t r) const {
    return class_begin <= classes[r] && classes[r] < class_end;
  }
};

inline LossRows loss_rows(const LossWeights& args) {
  const bool by_index = args.images.defined();
  const int64_t per_row = args.classes.rank() == 2 ? args.classes.size(1) : 1;
  return {args.classes.data<int32_t>(),  by_index ? args.images.data<int32_t>() : nullptr,
          by_index ? 0 : per_row,        per_row,
          args.options.images_per_group, args.options.class_begin,
          args.options.class_end};
}

/// Groups of this batch.
inline int64_t groups_of_batch(const LossWeightOptions& options) {
  return (options.num_images + options.images_per_group - 1) / options.images_per_group;
}
/// Groups that the objective averages over.
inline int64_t groups_averaged(const LossWeightOptions& options) {
  return options.total_groups > 0 ? options.total_groups : groups_of_batch(options);
}

/// weights[r] = 1 / (divisor of its group * groups) where row r is selected, else 0.
template <class T>
struct WeighRows {
  LossRows rows;
  const int64_t* divisors;  // of each group of this batch
  int64_t groups;           // averaged over
  T* weights;

  DENOVO_HD void operator()(int64_t r) const {
    const int64_t group = rows.group(r);
    const int64_t divisor = group >= 0 && rows.selected(r) ? divisors[group] : 0;
    weights[r] = divisor > 0 ? T(1) / static_cast<T>(divisor * groups) : T(0);
  }
};

}  // namespace denovo::ops
