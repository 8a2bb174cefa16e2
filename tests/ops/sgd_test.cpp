#include "ops/sgd/sgd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/run/step_state.h"
#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp sgd_op("sgd", "consumes gradients");

namespace {

/// Two blocks: the first of group 0, the second of group 1.
struct Problem {
  ops::SgdTensors tensors;
  ops::ParameterGroups groups;
  DeviceStepState state{kCpu};
};

Problem problem(DType dtype) {
  Problem p;
  p.tensors = {random_tensor({32}, 1, -1, 1, dtype), random_tensor({32}, 2, -1, 1, dtype),
               random_tensor({32}, 3, -1, 1, dtype)};
  p.groups = {Tensor::from<uint8_t>({2}, {0, 1}), Tensor::from<double>({2, 2}, {0.1, 1, 0, 2})};
  p.state.get()->lr = 0.5;
  return p;
}

}  // namespace

TEST_CASE("sgd: each group has its weight decay and learning rate") {
  for (const DType dtype : {DType::kF32, DType::kF64}) {
    Problem p = problem(dtype);
    const auto w = p.tensors.weights.to_vector<double>(),
               v = p.tensors.momentum.to_vector<double>();
    const auto g = p.tensors.gradients.to_vector<double>();
    ops::sgd(p.tensors, p.groups, {.momentum = 0.9}, p.state);
    const auto new_w = p.tensors.weights.to_vector<double>();
    const auto new_v = p.tensors.momentum.to_vector<double>();
    const double bound = dtype == DType::kF32 ? 1e-6 : 1e-15;
    for (size_t i = 0; i < 32; ++i) {
      const double expected_v = 0.9 * v[i] + g[i] + (i < 16 ? 0.1 : 0) * w[i];
      CHECK(std::abs(new_v[i] - expected_v) < bound);
      CHECK(std::abs(new_w[i] - (w[i] - (i < 16 ? 0.5 : 1.0) * expected_v)) < bound);
    }
    CHECK(p.state.get()->iteration == 1);
  }
}

TEST_CASE("sgd: a faulted step changes neither weights nor momentum nor the iteration") {
  Problem p = problem(DType::kF32);
  p.state.get()->faulted = 1;
  fill(p.tensors.gradients, NAN);
  const Tensor weights = p.tensors.weights.clone(), momentum = p.tensors.momentum.clone();
  ops::sgd(p.tensors, p.groups, {}, p.state);
  CHECK(std::memcmp(weights.raw(), p.tensors.weights.raw(), weights.bytes()) == 0);
  CHECK(std::memcmp(momentum.raw(), p.tensors.momentum.raw(), momentum.bytes()) == 0);
  CHECK(p.state.get()->iteration == 0);
}

TEST_CASE("sgd: clipping scales gradients that are too long, and no others") {
  const auto step = [](double clip_norm, double gradient_scale) {
    Problem p = problem(DType::kF64);
    const auto g = p.tensors.gradients.to_vector<double>();
    for (size_t i = 0; i < g.size(); ++i) p.tensors.gradients.data<double>()[i] *= gradient_scale;
    p.state.get()->grad_norm = 8;
    ops::sgd(p.tensors, p.groups, {.clip = {.norm = clip_norm}}, p.state);
    return p.tensors.weights.to_vector<double>();
  };
  CHECK(step(2, 1) == step(0, 0.25));
  CHECK(step(8, 1) == step(0, 1));
  CHECK(step(9, 1) == step(0, 1));
}

TEST_CASE("sgd: elements of the gradient beyond the largest value are cut to it") {
  for (const DType dtype : {DType::kF32, DType::kF64}) {
    Problem cut = problem(dtype), given = problem(dtype);
    const auto g = given.tensors.gradients.to_vector<double>();
    std::vector<double> expected;
    for (const double value : g) expected.push_back(std::clamp(value, -0.5, 0.5));
    CHECK(expected != g);
    copy(given.tensors.gradients, Tensor::from({32}, expected).to(dtype));
    ops::sgd(cut.tensors, cut.groups, {.clip = {.value = 0.5}}, cut.state);
    ops::sgd(given.tensors, given.groups, {}, given.state);
    CHECK(cut.tensors.weights.to_vector<double>() == given.tensors.weights.to_vector<double>());
  }
}

TEST_CASE("sgd: names what is wrong with its inputs") {
  Problem p = problem(DType::kF32);
  const auto update = [&] { ops::sgd(p.tensors, p.groups, {}, p.state); };
  const ops::SgdTensors good = p.tensors;
  p.tensors.weights = Tensor::zeros({20}, DType::kF32);
  CHECK_THROWS_WITH_AS(update(),
                       "sgd: weights must be f32 or f64 [n], n a multiple of 16, got f32 [20]",
                       ShapeError);
  p.tensors = good;
  p.tensors.momentum = Tensor::zeros({16}, DType::kF32);
  CHECK_THROWS_WITH_AS(update(), "sgd: momentum must be f32 [32], got f32 [16]", ShapeError);
  p.tensors = good;
  p.groups.of_block = Tensor::zeros({3}, DType::kU8);
  CHECK_THROWS_WITH_AS(update(), "sgd: groups.of_block must be u8 [2], got u8 [3]", ShapeError);
  p.groups.of_block = Tensor::zeros({2}, DType::kU8);
  p.groups.factors = Tensor::zeros({2, 3}, DType::kF64);
  CHECK_THROWS_WITH_AS(update(), "sgd: groups.factors must be f64 [2, 2], got f64 [2, 3]",
                       ShapeError);
}

static const DeviceCases sgd_device_cases("sgd", [] {
  const int64_t blocks = 4099, n = blocks * ops::kUpdateBlock;
  std::vector<uint8_t> groups;
  for (int64_t i = 0; i < blocks; ++i) groups.push_back(i % 3 == 0);
  return std::vector<DeviceCase>{
      {.name = "two groups, clipped",
       .inputs = {random_tensor({n}, 1, -1, 1, DType::kF32),
                  random_tensor({n}, 2, -1, 1, DType::kF32),
                  random_tensor({n}, 3, -1, 1, DType::kF32), Tensor::from({blocks}, groups),
                  Tensor::from<double>({2, 2}, {1e-4, 1, 0, 2})},
       .forward = [](Inputs in) {
         DeviceStepState state(in[0].device());
         state.write({.lr = 0.02, .grad_norm = 40});
         ops::sgd({in[0], in[1], in[2]}, {in[3], in[4]}, {.clip = {.norm = 35}}, state);
         return std::vector{in[0], in[2], step_numbers(state)};
       }}};
});
