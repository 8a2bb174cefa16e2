#include "nn/optimizer/sgd.h"

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

TEST_CASE("sgd optimizer: three steps with a falling rate equal torch.optim.SGD's") {
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    const Tensor a = leaf(5, 8, dtype), b = leaf(3, 9, dtype);
    Arena arena({{.name = "a", .tensor = a},
                 {.name = "b", .tensor = b, .weight_decay_factor = 0, .lr_factor = 2}});
    nn::Sgd optimizer(arena, {.momentum = 0.9, .weight_decay = 0.01});
    DeviceStepState state(kCpu);
    for (int64_t step = 0; step < 3; ++step) {
      state.get()->lr = 0.1 / static_cast<double>(step + 1);
      set_gradient(a, input(5, 10 + step, dtype));
      set_gradient(b, input(3, 20 + step, dtype));
      optimizer.step(state, {});
    }
    const double bound = dtype == DType::kF64 ? 1e-14 : 4e-6;  // values up to 10, three steps
    check_close(a,
                {4.32620615865, 4.589631272255, 4.8530563858599995, 5.116481499465, 5.37990661307},
                bound);
    check_close(b, {6.507280000000001, 6.666133333333335, 6.824986666666667}, bound);
    check_close(optimizer.state_dict()[0].second,
                {-10.1172632595, -9.10560111765, -8.0939389758, -7.08227683395, -6.0706146921},
                bound);
    CHECK(state.get()->iteration == 3);
  }
}

TEST_CASE("sgd optimizer: a leaf without a gradient only decays") {
  const Tensor a = Tensor::full({2}, 4, DType::kF64), b = Tensor::full({2}, 4, DType::kF64);
  a.set_requires_grad(true);
  b.set_requires_grad(true);
  Arena arena({{.name = "a", .tensor = a}, {.name = "b", .tensor = b, .weight_decay_factor = 0}});
  nn::Sgd optimizer(arena, {.weight_decay = 0.5});
  DeviceStepState state(kCpu);
  state.get()->lr = 0.25;
  set_gradient(b, Tensor::full({2}, 8, DType::kF64));
  optimizer.step(state, {});
  CHECK(a.to_vector<double>() == std::vector<double>(2, 4 - 0.25 * 0.5 * 4));
  CHECK(b.to_vector<double>() == std::vector<double>(2, 2));
  CHECK_FALSE(b.grad().defined());
}

TEST_CASE("sgd optimizer: a loss that is not finite stops all further updates") {
  const Tensor a = leaf(5, 1, DType::kF32);
  const auto before = a.to_vector<float>();
  Arena arena({{"a", a}});
  nn::Sgd optimizer(arena, {});
  DeviceStepState state(kCpu);
  state.get()->iteration = 7;
  state.get()->lr = 1;
  const std::vector<Tensor> bad = {Tensor::full({}, NAN, DType::kF32)};
  set_gradient(a, input(5, 2, DType::kF32));
  optimizer.step(state, bad);
  set_gradient(a, input(5, 3, DType::kF32));
  optimizer.step(state, {});
  CHECK(a.to_vector<float>() == before);
  CHECK(state.get()->iteration == 7);
  CHECK(state.get()->fault_iteration == 7);
}

TEST_CASE("sgd optimizer: saved and loaded momentum continues bit for bit") {
  const auto run = [](bool interrupted) {
    const Tensor a = leaf(5, 1, DType::kF32), b = leaf(7, 2, DType::kF32);
    Arena arena({{"a", a}, {"b", b}});
    std::optional<nn::Sgd> optimizer(std::in_place, arena, nn::SgdOptions{});
    DeviceStepState state(kCpu);
    state.get()->lr = 0.1;
    for (int64_t step = 0; step < 4; ++step) {
      if (interrupted && step == 2) {
        NamedTensors saved;
        for (const auto& [name, tensor] : optimizer->state_dict()) {
          saved.emplace(saved.begin(), name, tensor.clone());
        }
        optimizer.emplace(arena, nn::SgdOptions{});
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

TEST_CASE("sgd optimizer: a state of another model is refused by name") {
  Arena arena({{"fc1.weight", leaf(5, 1, DType::kF32)}, {"fc2.weight", leaf(7, 2, DType::kF32)}});
  nn::Sgd optimizer(arena, {});
  const Tensor five = Tensor::full({5}, 1, DType::kF32), seven = Tensor::full({7}, 1, DType::kF32);
  const auto load = [&](const NamedTensors& state) {
    nn::load_exactly(optimizer.state_dict(), state);
  };
  CHECK_THROWS_WITH_AS(load({{"fc1.weight", five}}),
                       "optimizer state: fc2.weight must be there, got none", IoError);
  CHECK_THROWS_WITH_AS(load({{"fc1.weigth", five}, {"fc2.weight", seven}}),
                       "optimizer state: fc1.weigth is not one of this model and optimizer, did "
                       "you mean fc1.weight",
                       IoError);
  CHECK_THROWS_WITH_AS(load({{"fc1.weight", five}, {"fc2.weight", five}}),
                       "optimizer state: fc2.weight must be f32 [7], got f32 [5]", IoError);
  CHECK(optimizer.state_dict()[0].second.to_vector<float>() == std::vector<float>(5, 0));
}

TEST_CASE("sgd optimizer: refuses options out of range") {
  Arena arena({{"a", leaf(5, 1, DType::kF32)}});
  CHECK_THROWS_WITH_AS(nn::Sgd(arena, {.momentum = 1}), "sgd: momentum must be in [0, 1), got 1",
                       ConfigError);
  CHECK_THROWS_WITH_AS(nn::Sgd(arena, {.weight_decay = -1}),
                       "sgd: weight_decay must not be negative, got -1", ConfigError);
  CHECK_THROWS_WITH_AS(nn::Sgd(arena, {.clip = {.norm = -1}}),
                       "sgd: clip.norm must not be negative, got -1", ConfigError);
  CHECK_THROWS_WITH_AS(nn::Sgd(arena, {.clip = {.value = -1}}),
                       "sgd: clip.value must not be negative, got -1", ConfigError);
}
