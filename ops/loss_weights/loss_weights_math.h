// Which rows count, for the CPU and CUDA kernels.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace denovo::ops {

struct LossRows {
  const int32_t* classes;
  const int32_t* images;  // null: rows_of_image rows of each image, one image after the other
  int64_t rows_of_image;
  int64_t images_per_group;
  int32_t class_begin, class_end;

  /// Group of a row, -1 when the row is not valid.
  DENOVO_HD int64_t group(int64_t r) const {
    if (classes[r] < 0) return -1;
    if (!images) return r / rows_of_image / images_per_group;
    return images[r] < 0 ? -1 : images[r] / images_per_group;
  }
  DENOVO_HD bool selected(int64_t r) const {
    return class_begin <= classes[r] && classes[r] < class_end;
  }
};

}  // namespace denovo::ops
