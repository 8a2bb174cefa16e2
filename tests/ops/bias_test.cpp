// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include "ops/bias/bias_block_passes.h"
#include "testing/difference.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp bias_op("bias",
                                  "kernels shared by conv2d and linear, proven by their cases");

TEST_CASE("bias: the phases of the GPU give the gradient of the CPU's kernel") {
  const Shape shapes[] = {
      {2, 40, 37, 64},           // a pyramid level
      {3, 7, 3},                 // channels that no 16 bytes divide
      {5, 1032},                 // more vectors than threads
      {1, 8},          {0, 16},  // no rows: zero, or what was there
  };
  for (const Shape& shape : shapes) {
    for (const auto& [dtype, tolerance] :
         {std::pair(DType::kF64, 1e-13), {DType::kF32, 1e-5}, {DType::kBF16, 1e-2}}) {
      for (const double beta : {0., 1.}) {
        CAPTURE(to_string(shape));
        CAPTURE(name(dtype));
        const Tensor grad_y = random_tensor(shape, 1, -1, 2).to(dtype);
        const Tensor expected = random_tensor({shape[-1]}, 2).to(dtype), got = expected.clone();
        ops::run(cpu_context(), ops::BiasBackward{grad_y, expected, beta});
        ops::bias_blocks::run(cpu_context(), ops::BiasBackward{grad_y, got, beta});
        CHECK(difference(expected, got).within(tolerance));

        const Tensor y = random_tensor(shape, 3, -1, 1).to(dtype);
        const Tensor expected_masked = grad_y.empty_like(), masked = grad_y.empty_like();
        const auto behind_relu = [&](const Tensor& to, const Tensor& sum) {
          return ops::ReluBiasBackward{y, grad_y, to, sum, beta};
        };
        ops::run(cpu_context(), behind_relu(expected_masked, expected));
        ops::bias_blocks::run(cpu_context(), behind_relu(masked, got));
        CHECK(difference(expected, got).within(tolerance));
        CHECK(difference(expected_masked, masked).within(0));
      }
    }
  }
}
