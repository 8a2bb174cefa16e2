#include "ops/parameter_update/parameter_update.h"

#include <fmt/format.h>

#include "core/error.h"

namespace denovo::ops {

void require_arena(const char* op, const Tensor& weights, const ParameterGroups& groups) {
  const DType dtype = weights.dtype();
  if ((dtype != DType::kF32 && dtype != DType::kF64) || weights.rank() != 1 ||
      weights.numel() % kUpdateBlock != 0) {
    throw ShapeError(
        fmt::format("{}: weights must be f32 or f64 [n], n a multiple of {}, got {} {}", op,
                    kUpdateBlock, name(dtype), to_string(weights.shape())));
  }
  require_tensor(op, "groups.of_block", groups.of_block, DType::kU8,
                 {weights.numel() / kUpdateBlock});
  const Shape& factors = groups.factors.shape();
  require_tensor(op, "groups.factors", groups.factors, DType::kF64,
                 {factors.rank() == 0 ? 1 : factors[0], int64_t{2}});
}

}  // namespace denovo::ops
