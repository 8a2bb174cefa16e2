#include "ops/gradient_norm/gradient_norm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/kernels/backend.h"
#include "core/run/step_state.h"
#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp gradient_norm_op("gradient_norm", "looks at gradients");

TEST_CASE("gradient_norm: is the L2 norm, and finite gradients fault nothing") {
  DeviceStepState state(kCpu);
  ops::gradient_norm(Tensor::from<float>({3}, {2, -3, 6}), {}, state);
  CHECK(state.get()->grad_norm == 7);
  CHECK(state.get()->faulted == 0);
  CHECK(state.get()->fault_iteration == -1);
}

TEST_CASE("gradient_norm: large f32 gradients do not overflow, small ones do not vanish") {
  DeviceStepState state(kCpu);
  ops::gradient_norm(Tensor::full({4}, 1e38, DType::kF32), {}, state);
  CHECK(state.get()->grad_norm == doctest::Approx(2e38));
  CHECK(state.get()->faulted == 0);
  ops::gradient_norm(Tensor::full({4}, 1e-30, DType::kF32), {}, state);
  CHECK(state.get()->grad_norm == doctest::Approx(2e-30));
}

TEST_CASE("gradient_norm: one NaN or infinity anywhere faults the step, and the flag is sticky") {
  for (const int64_t n : {5, 20000, 50001}) {
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      DeviceStepState state(kCpu);
      state.get()->iteration = 41;
      const Tensor gradients = Tensor::full({n}, 1, DType::kF32);
      gradients.data<float>()[n - 1] = bad;
      ops::gradient_norm(gradients, {}, state);
      CHECK(state.get()->faulted == 1);
      CHECK(state.get()->fault_iteration == 41);
      state.get()->iteration = 42;
      ops::gradient_norm(Tensor::full({n}, 1, DType::kF32), {}, state);
      ops::gradient_norm(gradients, {}, state);
      CHECK(state.get()->faulted == 1);
      CHECK(state.get()->fault_iteration == 41);
    }
  }
}

TEST_CASE("gradient_norm: a loss that is not finite faults the step") {
  const Tensor gradients = Tensor::zeros({16}, DType::kF64);
  DeviceStepState state(kCpu);
  const std::vector<Tensor> good = {Tensor::full({}, 1, DType::kF64)};
  ops::gradient_norm(gradients, good, state);
  CHECK(state.get()->faulted == 0);
  const std::vector<Tensor> bad = {good[0], Tensor::full({}, INFINITY, DType::kF64)};
  ops::gradient_norm(gradients, bad, state);
  CHECK(state.get()->faulted == 1);
  CHECK(state.get()->grad_norm == 0);
}

TEST_CASE("gradient_norm: the bits do not depend on the number of threads") {
  const Tensor gradients = random_tensor({100003}, 1, -1, 1, DType::kF32);
  const int threads = cpu_context().num_threads();
  std::vector<double> norms;
  for (const int n : {1, 2, 3}) {
    cpu_context().set_num_threads(n);
    DeviceStepState state(kCpu);
    ops::gradient_norm(gradients, {}, state);
    norms.push_back(state.get()->grad_norm);
  }
  cpu_context().set_num_threads(threads);
  CHECK(norms[0] == norms[1]);
  CHECK(norms[0] == norms[2]);
}

TEST_CASE("gradient_norm: names what is wrong with its inputs") {
  const DeviceStepState state(kCpu);
  const Tensor gradients = Tensor::zeros({16}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::gradient_norm(Tensor::zeros({2, 8}, DType::kF32), {}, state),
                       "gradient_norm: gradients must be f32 or f64 [n], got f32 [2, 8]",
                       ShapeError);
  const std::vector<Tensor> many(17, Tensor::zeros({}, DType::kF32));
  CHECK_THROWS_WITH_AS(ops::gradient_norm(gradients, many, state),
                       "gradient_norm: losses must be at most 16, got 17", ShapeError);
  const std::vector<Tensor> rows = {Tensor::zeros({2}, DType::kF32)};
  CHECK_THROWS_WITH_AS(ops::gradient_norm(gradients, rows, state),
                       "gradient_norm: a loss must be f32 with one element, got f32 [2]",
                       ShapeError);
}

static const DeviceCases gradient_norm_device_cases("gradient_norm", [] {
  const auto forward = [](Inputs in) {
    DeviceStepState state(in[0].device());
    state.write({.iteration = 5});
    const Tensor loss = in[1];
    ops::gradient_norm(in[0], std::span(&loss, 1), state);
    return std::vector{step_numbers(state)};
  };
  const Tensor one = Tensor::from<float>({}, {1.f}), broken = Tensor::from<float>({}, {NAN});
  const Tensor gradients = random_tensor({1000003}, 1, -2, 2, DType::kF32);
  const Tensor infinite = gradients.clone();
  infinite.data<float>()[999999] = INFINITY;
  return std::vector<DeviceCase>{{"a million", {gradients, one}, forward, 1e-12},
                                 {"one", {Tensor::full({1}, -3, DType::kF32), one}, forward},
                                 {"one is infinite", {infinite, one}, forward, 1e-12},
                                 {"a loss is NaN", {gradients, broken}, forward, 1e-12}};
});
