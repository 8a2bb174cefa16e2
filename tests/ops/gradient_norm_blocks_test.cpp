// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/gradient_norm/gradient_norm_block_passes.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// The state after one look at the gradients in iteration 41.
template <class Run>
StepState state_after(const Tensor& gradients, const std::vector<Tensor>& losses, StepState state,
                      const Run& run) {
  state.iteration = 41;
  run(ops::GradientNorm{gradients, losses, &state});
  return state;
}

void check_same_state(const Tensor& gradients, const std::vector<Tensor>& losses,
                      const StepState& before = {}) {
  const StepState expected = state_after(gradients, losses, before,
                                         [](const auto& args) { ops::run(cpu_context(), args); });
  const StepState got = state_after(gradients, losses, before, [](const auto& args) {
    ops::gradient_norm_blocks::run(cpu_context(), args);
  });
  CAPTURE(gradients.numel());
  CHECK((expected.grad_norm == got.grad_norm ||
         (std::isnan(expected.grad_norm) && std::isnan(got.grad_norm))));
  CHECK(expected.faulted == got.faulted);
  CHECK(expected.fault_iteration == got.fault_iteration);
}

}  // namespace

TEST_CASE("gradient_norm: the phases of the GPU give the bits of the CPU's kernel") {
  // No gradient, less than a lane each, less than a chunk, whole chunks, blocks and a tile of sums.
  for (const int64_t n : {0, 1, 15, 17, 300, 8191, 8192, 8193, 40000, 65536, 17000001})
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      if (n > 1000000 && dtype == DType::kF64) continue;
      check_same_state(random_tensor({n}, 3, -1, 1, dtype), {});
    }
}

TEST_CASE("gradient_norm: the phases of the GPU fault what the CPU's kernel faults") {
  const Tensor one = Tensor::full({}, 1, DType::kF32), nan = Tensor::full({}, NAN, DType::kF32);
  const Tensor good = Tensor::full({20000}, 1, DType::kF32);
  check_same_state(good, {one, one});
  check_same_state(good, {one, nan});
  check_same_state(Tensor::zeros({0}, DType::kF32), {nan});
  check_same_state(good, {}, StepState{.faulted = 1, .fault_iteration = 7});
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    const Tensor gradients = good.clone();
    gradients.data<float>()[12345] = bad;
    check_same_state(gradients, {one});
    check_same_state(gradients, {one}, StepState{.faulted = 1, .fault_iteration = 7});
  }
}
