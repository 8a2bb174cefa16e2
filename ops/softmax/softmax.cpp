#include "ops/softmax/softmax.h"

#include <fmt/format.h>

#include "ops/softmax/softmax_kernels.h"

namespace denovo::ops {

Tensor softmax(const Tensor& x) {
  if (!is_floating(x.dtype()) || x.rank() < 1 || x.size(-1) < 1) {
    throw ShapeError(fmt::format("softmax: x must be floating point [..., C], got {} {}",
                                 name(x.dtype()), to_string(x.shape())));
  }
  Tensor y = x.empty_like();
  with_backend(x.device(), [&](auto& ctx) { run(ctx, Softmax{x, y}); });
  return y;
}

}  // namespace denovo::ops
