// Matrix products on the GPU by cuBLASLt.
#pragma once

#include "core/cuda/cuda_context.h"
#include "core/tensor/dtype.h"

namespace denovo {

/// c = beta * c + op(a) * op(b) for row-major matrices without gaps between rows.
///
///   op(a)  [m, k]   stored [k, m] when transpose_a
///   op(b)  [k, n]   stored [n, k] when transpose_b
///   c      [m, n]
///
/// f32 and bf16 accumulate in f32, f64 in f64; f32 operands are rounded to TF32 where the context
/// allows it. The same bits on every run: partial products are never added in the order in which
/// blocks happen to finish. Throws BackendError when cuBLASLt has no algorithm or fails. Sizes are
/// positive.
struct Matmul {
  int64_t m, n, k;
  const void *a, *b;
  void* c;
  bool transpose_a = false, transpose_b = false;
  DType dtype = DType::kF32;
  double beta = 0;
};
void matmul(CudaContext& ctx, const Matmul& product);

}  // namespace denovo
