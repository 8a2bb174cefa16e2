#include "nn/optimizer/adamw.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "core/error.h"
#include "tests/nn/optimizer/drawn_leaves.h"

using namespace denovo;
using denovo::testing::check_close;
using denovo::testing::input;
using denovo::testing::leaf;
using denovo::testing::set_gradient;

namespace {

struct Trained {
  Tensor a, b;
  NamedTensors state;
};

/// The run of tests/oracles/adamw.py.
Trained twenty_updates(DType dtype, double clip_value) {
  Trained run{leaf(5, 8, dtype), leaf(3, 9, dtype), {}};
  Arena arena({{.name = "a", .tensor = run.a},
               {.name = "b", .tensor = run.b, .weight_decay_factor = 0, .lr_factor = 2}});
  nn::Adamw optimizer(arena, {.beta1 = 0.9,
                              .beta2 = 0.99,
                              .eps = 1e-3,
                              .weight_decay = 0.05,
                              .clip = {.value = clip_value}});
  DeviceStepState state(kCpu);
  for (int64_t step = 0; step < 20; ++step) {
    state.get()->lr = 0.1 / static_cast<double>(step + 1);
    set_gradient(run.a, input(5, 10 + step, dtype));
    set_gradient(run.b, input(3, 40 + step, dtype));
    optimizer.step(state, {});
  }
  CHECK(state.get()->iteration == 20);
  run.state = optimizer.state_dict();
  return run;
}

}  // namespace

TEST_CASE("adamw optimizer: twenty steps with a falling rate equal torch.optim.AdamW's") {
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    const double bound = dtype == DType::kF64 ? 1e-14 : 4e-6;  // values up to 10, twenty steps
    const Trained run = twenty_updates(dtype, 0);
    check_close(run.a,
                {3.2959570683963366, 3.6428798580552666, 3.989930512570667, 4.357347782258108,
                 4.698568720528515},
                bound);
    check_close(run.b, {4.582634275409599, 4.967465880731557, 5.297418903993166}, bound);
    REQUIRE(run.state.size() == 4);
    CHECK(run.state[0].first == "a.exp_avg");
    check_close(run.state[0].second,
                {0.5738950339260106, 0.8989116717275, 0.22692830952898949, 0.20431254255077877,
                 0.5293291803522682},
                bound);
    CHECK(run.state[1].first == "a.exp_avg_sq");
    check_close(run.state[1].second,
                {1.5367123212736562, 1.5410234495700503, 1.5702666583523222, 1.5346921158192564,
                 1.548072984843285},
                bound);
    check_close(run.state[3].second, {1.5426768094187588, 1.5679219887382405, 1.534140754599952},
                bound);
  }
}

TEST_CASE("adamw optimizer: so they do after torch.nn.utils.clip_grad_value_") {
  const Trained run = twenty_updates(DType::kF64, 2);
  check_close(run.a,
              {3.298658014510962, 3.6479599003509553, 3.997400422733672, 4.360551600765273,
               4.705264062550136},
              1e-14);
  check_close(run.b, {4.593161635520944, 4.967153480438629, 5.30426891730668}, 1e-14);
  check_close(run.state[1].second,
              {0.5339239069129258, 0.5318199704236775, 0.5450083701790087, 0.5333591942651061,
               0.5366104662906823},
              1e-14);
}

TEST_CASE("adamw optimizer: the decay does not pass through the means") {
  const Tensor a = Tensor::full({2}, 4, DType::kF64);
  a.set_requires_grad(true);
  Arena arena({{.name = "a", .tensor = a}});
  nn::Adamw optimizer(arena, {.weight_decay = 0.5});
  DeviceStepState state(kCpu);
  state.get()->lr = 0.25;
  optimizer.step(state, {});  // without a gradient
  CHECK(a.to_vector<double>() == std::vector<double>(2, 4 - 0.25 * 0.5 * 4));
  for (const auto& [name, tensor] : optimizer.state_dict())
    CHECK(tensor.to_vector<double>() == std::vector<double>(2, 0));
}

TEST_CASE("adamw optimizer: a loss that is not finite stops all further updates") {
  const Tensor a = leaf(5, 1, DType::kF32);
  const auto before = a.to_vector<float>();
  Arena arena({{"a", a}});
  nn::Adamw optimizer(arena, {});
  DeviceStepState state(kCpu);
  state.write({.iteration = 7, .lr = 1});
  const std::vector<Tensor> bad = {Tensor::full({}, NAN, DType::kF32)};
  set_gradient(a, input(5, 2, DType::kF32));
  optimizer.step(state, bad);
  set_gradient(a, input(5, 3, DType::kF32));
  optimizer.step(state, {});
  CHECK(a.to_vector<float>() == before);
  CHECK(state.get()->iteration == 7);
  CHECK(state.get()->fault_iteration == 7);
}

TEST_CASE("adamw optimizer: saved and loaded means continue bit for bit") {
  const auto run = [](bool interrupted) {
    const Tensor a = leaf(5, 1, DType::kF32), b = leaf(7, 2, DType::kF32);
    Arena arena({{"a", a}, {"b", b}});
    std::optional<nn::Adamw> optimizer(std::in_place, arena, nn::AdamwOptions{});
    DeviceStepState state(kCpu);
    state.get()->lr = 0.1;
    for (int64_t step = 0; step < 4; ++step) {
      if (interrupted && step == 2) {
        NamedTensors saved;
        for (const auto& [name, tensor] : optimizer->state_dict())
          saved.emplace(saved.begin(), name, tensor.clone());
        optimizer.emplace(arena, nn::AdamwOptions{});
        nn::load_exactly(optimizer->state_dict(), saved);
      }
      set_gradient(a, input(5, 3 + step, DType::kF32));
      set_gradient(b, input(7, 13 + step, DType::kF32));
      optimizer->step(state, {});
    }
    return arena.weights().to_vector<float>();
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("adamw optimizer: refuses options out of range") {
  Arena arena({{"a", leaf(5, 1, DType::kF32)}});
  CHECK_THROWS_WITH_AS(nn::Adamw(arena, {.beta1 = 1}), "adamw: beta1 must be in [0, 1), got 1",
                       ConfigError);
  CHECK_THROWS_WITH_AS(nn::Adamw(arena, {.beta2 = -0.5}),
                       "adamw: beta2 must be in [0, 1), got -0.5", ConfigError);
  CHECK_THROWS_WITH_AS(nn::Adamw(arena, {.eps = 0}), "adamw: eps must be positive, got 0",
                       ConfigError);
  CHECK_THROWS_WITH_AS(nn::Adamw(arena, {.weight_decay = -1}),
                       "adamw: weight_decay must not be negative, got -1", ConfigError);
}
