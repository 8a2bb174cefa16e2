#include "ops/compact/compact.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ops/compact/compact_kernels.h"

namespace denovo::ops {
namespace {

Compaction launch(const char* where, const Tensor& values, int32_t low, int32_t high,
                  bool inverted) {
  if (values.numel() > std::numeric_limits<int32_t>::max())
    throw ShapeError(
        fmt::format("{}: there must be fewer than 2^31 rows, got {}", where, values.numel()));
  Compaction result{Tensor::empty({values.numel()}, DType::kI32, values.device()),
                    Tensor::empty({1}, DType::kI32, values.device())};
  with_backend(values.device(), [&](auto& ctx) {
    run(ctx, CompactForward{values, low, high, inverted, result.rows, result.count});
  });
  return result;
}

}  // namespace

Compaction compact(const Tensor& flags) {
  const DType dtype = flags.dtype();
  if (dtype != DType::kI32 && dtype != DType::kU8 && dtype != DType::kBool)
    throw ShapeError(fmt::format("compact: flags must be i32, u8 or bool, got {}", name(dtype)));
  return launch("compact", flags, 0, 1, true);
}

Compaction compact_range(const Tensor& values, int32_t low, int32_t high) {
  if (values.dtype() != DType::kI32)
    throw ShapeError(
        fmt::format("compact_range: values must be i32, got {}", name(values.dtype())));
  if (low > high)
    throw ShapeError(
        fmt::format("compact_range: low must be at most high, got {} and {}", low, high));
  return launch("compact_range", values, low, high, false);
}

int64_t usable_rows(const Tensor& count, int64_t capacity) {
  constexpr int64_t kStep = 16;
  if (count.dtype() != DType::kI32 || count.shape() != Shape{1})
    throw ShapeError(fmt::format("usable_rows: count must be i32 [1], got {} {}",
                                 name(count.dtype()), to_string(count.shape())));
  if (!count.device().is_cpu()) return capacity;
  const int64_t steps = std::max<int64_t>(1, (*count.data<int32_t>() + kStep - 1) / kStep);
  return std::min(steps * kStep, capacity);
}

}  // namespace denovo::ops
