#include "ops/parameter_update/parameter_update.h"

#include <doctest/doctest.h>

#include <limits>

#include "ops/parameter_update/parameter_update_math.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp parameter_update_op(
    "parameter_update", "what the optimisers' ops share, proven by their cases");

TEST_CASE("parameter_update: a block has its group's factors, and the clip that its step needs") {
  const uint8_t group_of_block[] = {1, 0};
  const double factors[] = {0.5, 1, 0.25, 2};
  StepState state;
  state.lr = 0.125;
  state.grad_norm = 8;
  const ops::BlockFactors long_gradient{group_of_block, factors, {.norm = 2}, &state};
  const auto block = long_gradient.of<double>(0);
  CHECK(block.begin == 0);
  CHECK(block.decay == 0.25);
  CHECK(block.lr == 0.25);
  CHECK(block.clipped(4) == 1);
  CHECK_FALSE(block.skip);
  CHECK(long_gradient.of<double>(1).begin == 16);
  CHECK(long_gradient.of<double>(1).decay == 0.5);

  state.faulted = 1;
  const ops::BlockFactors bounded{group_of_block, factors, {.value = 3}, &state};
  CHECK(bounded.of<float>(0).clipped(-4) == -3);
  CHECK(bounded.of<float>(0).clipped(2) == 2);
  CHECK(bounded.of<float>(0).skip);
  const ops::BlockFactors free{group_of_block, factors, {}, &state};
  CHECK(free.of<float>(0).clipped(1e30f) == 1e30f);
}
