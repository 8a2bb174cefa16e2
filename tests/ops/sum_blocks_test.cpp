// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include "ops/sum/sum_block_passes.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

TEST_CASE("sum: the phases of the GPU give the bits of the CPU's kernel") {
  for (const int64_t n : {0, 1, 16, 31, 8192, 8200, 33000, 524289}) {
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      const Tensor x = random_tensor({n}, 5, -1, 1, dtype);
      const Tensor expected = Tensor::empty({}, dtype), got = Tensor::empty({}, dtype);
      ops::run(cpu_context(), ops::SumForward{x, expected});
      ops::sum_blocks::run(cpu_context(), ops::SumForward{x, got});
      CAPTURE(n);
      CHECK(expected.item() == got.item());
    }
  }
}
