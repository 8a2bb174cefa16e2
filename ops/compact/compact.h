// Moving the selected rows of a fixed-capacity list to its front, so that what follows works on
// full rows: RoIs of a batch, foreground RoIs for the mask head.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct Compaction {
  Tensor rows;   // i32 [R]: the selected rows in ascending order, then -1
  Tensor count;  // i32 [1]: how many were selected
};

/// Selects the rows whose flag is not zero. Tensors follow by ops::gather_rows with rows as
/// indices, which has a value for empty slots.
///
///   flags  any shape with R elements, i32, u8 or bool
///
/// No gradient. Throws ShapeError on another dtype and on 2^31 rows or more.
Compaction compact(const Tensor& flags);

/// Selects the rows with low <= value < high: labels, classes, image indices.
///
///   values  any shape with R elements, i32
///
/// Throws as compact, and ShapeError when low > high.
Compaction compact_range(const Tensor& values, int32_t low, int32_t high);

/// How many leading rows of a compacted list of `capacity` rows to compute on. On the CPU the
/// count is read: the next multiple of 16 (few distinct shapes, so that oneDNN's primitive cache
/// holds them), at least 16, at most the capacity. On CUDA the capacity, because the host waits
/// for nothing there. Rows from the count on are empty either way.
///
///   count  i32 [1]
///
/// Throws ShapeError on another shape or dtype.
int64_t usable_rows(const Tensor& count, int64_t capacity);

}  // namespace denovo::ops
