// Reference numbers: tests/oracles/dense_ops.py.
#include "ops/max_pool2d/max_pool2d.h"

#include <doctest/doctest.h>

#include "core/autograd.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::testing;

TEST_CASE("max_pool2d: values and gradient equal PyTorch's") {
  const Tensor x = ramp({1, 5, 4, 2}).set_requires_grad(true);
  const Tensor y = ops::max_pool2d(x, {.kernel = 3, .stride = 2, .padding = 1});
  backward(y, ramp(y.shape(), 71));
  check_close(y, {0.7, -0.04, 0.7, 0.9, 0.96, -0.18, 0.56, 0.76, 0.82, 0.88, 0.28, 0.88}, 1e-15);
  check_close(x.grad(), {0, 0.64, -0.74, 0, 0, -0.56, 0, 0,    0, 0.26, -0.34, 0, 0,     -0.94,
                         0, 0,    0.86,  0, 0, 0,     0, 0,    0, 0,    0.48,  0, -0.72, 0,
                         0, 0,    0,     0, 0, 0,     0, 0.58, 0, 0,    0,     0},
              1e-14);
}
