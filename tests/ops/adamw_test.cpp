#include "ops/adamw/adamw.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/run/step_state.h"
#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp adamw_op("adamw", "consumes gradients");

namespace {

/// Two blocks: the first of group 0, the second of group 1; before update 5.
struct Problem {
  ops::AdamwTensors tensors;
  ops::ParameterGroups groups;
  DeviceStepState state{kCpu};
};

Problem problem(DType dtype) {
  Problem p;
  p.tensors = {random_tensor({32}, 1, -1, 1, dtype), random_tensor({32}, 2, -1, 1, dtype),
               random_tensor({32}, 3, -1, 1, dtype), random_tensor({32}, 4, 0, 1, dtype)};
  p.groups = {Tensor::from<uint8_t>({2}, {0, 1}), Tensor::from<double>({2, 2}, {0.1, 1, 0, 2})};
  p.state.write({.iteration = 4, .lr = 0.5});
  return p;
}

constexpr ops::AdamwOptions kOptions{.beta1 = 0.75, .beta2 = 0.875, .eps = 0.01};

}  // namespace

TEST_CASE("adamw: each group has its weight decay and learning rate") {
  for (const DType dtype : {DType::kF32, DType::kF64}) {
    Problem p = problem(dtype);
    const auto w = p.tensors.weights.to_vector<double>(),
               g = p.tensors.gradients.to_vector<double>(), m = p.tensors.mean.to_vector<double>(),
               s = p.tensors.mean_square.to_vector<double>();
    ops::adamw(p.tensors, p.groups, kOptions, p.state);
    const auto new_w = p.tensors.weights.to_vector<double>(),
               new_m = p.tensors.mean.to_vector<double>(),
               new_s = p.tensors.mean_square.to_vector<double>();
    const double bound = dtype == DType::kF32 ? 1e-5 : 1e-14;  // steps of up to 10
    for (size_t i = 0; i < 32; ++i) {
      const double lr = i < 16 ? 0.5 : 1, decay = i < 16 ? 0.1 : 0;
      const double mean = 0.75 * m[i] + 0.25 * g[i], square = 0.875 * s[i] + 0.125 * g[i] * g[i];
      const double corrected = mean / (1 - std::pow(0.75, 5)),
                   root = std::sqrt(square / (1 - std::pow(0.875, 5)));
      CHECK(std::abs(new_m[i] - mean) < bound);
      CHECK(std::abs(new_s[i] - square) < bound);
      CHECK(std::abs(new_w[i] - (w[i] - lr * decay * w[i] - lr * corrected / (root + 0.01))) <
            bound);
    }
    CHECK(p.state.read().iteration == 5);
  }
}

TEST_CASE("adamw: a faulted step changes neither weights nor means nor the iteration") {
  Problem p = problem(DType::kF32);
  p.state.get()->faulted = 1;
  fill(p.tensors.gradients, NAN);
  const std::vector<Tensor> all{p.tensors.weights, p.tensors.mean, p.tensors.mean_square};
  std::vector<Tensor> before;
  for (const Tensor& tensor : all) before.push_back(tensor.clone());
  ops::adamw(p.tensors, p.groups, kOptions, p.state);
  for (size_t i = 0; i < all.size(); ++i)
    CHECK(std::memcmp(all[i].raw(), before[i].raw(), all[i].bytes()) == 0);
  CHECK(p.state.read().iteration == 4);
}

TEST_CASE("adamw: gradients are clipped by norm and by value before both means") {
  const auto step = [](ops::GradientClip clip, const auto& change) {
    Problem p = problem(DType::kF64);
    auto g = p.tensors.gradients.to_vector<double>();
    for (double& value : g) value = change(value);
    copy(p.tensors.gradients, Tensor::from({32}, g));
    p.state.get()->grad_norm = 8;
    ops::AdamwOptions options = kOptions;
    options.clip = clip;
    ops::adamw(p.tensors, p.groups, options, p.state);
    auto all = p.tensors.weights.to_vector<double>();
    const auto squares = p.tensors.mean_square.to_vector<double>();
    all.insert(all.end(), squares.begin(), squares.end());
    return all;
  };
  const auto same = [](double g) { return g; };
  CHECK(step({.norm = 2}, same) == step({}, [](double g) { return 0.25 * g; }));
  CHECK(step({.norm = 8}, same) == step({}, same));
  CHECK(step({.value = 0.5}, same) == step({}, [](double g) { return std::clamp(g, -0.5, 0.5); }));
}

TEST_CASE("adamw: names what is wrong with its inputs") {
  Problem p = problem(DType::kF32);
  const auto update = [&] { ops::adamw(p.tensors, p.groups, kOptions, p.state); };
  const ops::AdamwTensors good = p.tensors;
  p.tensors.weights = Tensor::zeros({20}, DType::kF32);
  CHECK_THROWS_WITH_AS(update(),
                       "adamw: weights must be f32 or f64 [n], n a multiple of 16, got f32 [20]",
                       ShapeError);
  p.tensors = good;
  p.tensors.mean_square = Tensor::zeros({32}, DType::kF64);
  CHECK_THROWS_WITH_AS(update(), "adamw: mean_square must be f32 [32], got f64 [32]", ShapeError);
}

static const DeviceCases adamw_device_cases("adamw", [] {
  const int64_t blocks = 4099, n = blocks * ops::kUpdateBlock;
  std::vector<uint8_t> groups;
  for (int64_t i = 0; i < blocks; ++i) groups.push_back(i % 3 == 0);
  return std::vector<DeviceCase>{
      {.name = "two groups, clipped by value",
       .inputs = {random_tensor({n}, 1, -1, 1, DType::kF32),
                  random_tensor({n}, 2, -1, 1, DType::kF32),
                  random_tensor({n}, 3, -1, 1, DType::kF32),
                  random_tensor({n}, 4, 0, 1, DType::kF32), Tensor::from({blocks}, groups),
                  Tensor::from<double>({2, 2}, {1e-4, 1, 0, 2})},
       .forward =
           [](Inputs in) {
             DeviceStepState state(in[0].device());
             state.write({.iteration = 9, .lr = 0.02, .grad_norm = 40});
             ops::adamw({in[0], in[1], in[2], in[3]}, {in[4], in[5]}, {.clip = {.value = 0.9}},
                        state);
             return std::vector{in[0], in[2], in[3], step_numbers(state)};
           },
       .tolerance = 1e-6}};  // powers differ between libraries in the last bit
});
