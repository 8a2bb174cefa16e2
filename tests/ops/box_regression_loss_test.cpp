#include "ops/box_regression_loss/box_regression_loss.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

OpFunction loss_with(double beta) {
  return [=](std::span<const Tensor> in) {
    const bool bf16 = in[0].dtype() == DType::kBF16;
    const Tensor targets = bf16 ? in[2].to(DType::kF32) : in[2];
    const Tensor weights = bf16 ? in[3].to(DType::kF32) : in[3];
    return std::vector{ops::box_regression_loss(in[0], in[1], targets, weights, beta)};
  };
}

OpFunction definition_with(double beta) {
  return [=](std::span<const Tensor> in) {
    const auto deltas = in[0].to_vector<double>(), targets = in[2].to_vector<double>();
    const auto weights = in[3].to_vector<double>();
    const auto classes = in[1].to_vector<int32_t>();
    const size_t columns = static_cast<size_t>(in[0].size(-1));
    double loss = 0;
    for (size_t r = 0; r < weights.size(); ++r) {
      if (weights[r] == 0) continue;
      const size_t block = columns == 4 ? 0 : static_cast<size_t>(4 * classes[r]);
      for (size_t j = 0; j < 4; ++j) {
        const double d = std::abs(deltas[r * columns + block + j] - targets[r * 4 + j]);
        loss += weights[r] * (d < beta ? d * d / (2 * beta) : d - beta / 2);
      }
    }
    return std::vector{Tensor::full({}, loss, DType::kF64)};
  };
}

}  // namespace

static const OpCases box_regression_loss_cases("box_regression_loss", [] {
  const std::vector<Tensor> inputs = {
      random_tensor({5, 12}, 1), Tensor::from<int32_t>({5}, {2, 0, 3, 1, -1}),
      random_tensor({5, 4}, 2), Tensor::from<double>({5}, {.5, .2, 0, .3, 0})};
  std::vector<OpCase> cases;
  for (const double beta : {0.0, 1.0 / 9, 1.0}) {
    cases.push_back(
        {.name = "three classes, background and empty rows, beta " + std::to_string(beta),
         .inputs = inputs,
         .forward = loss_with(beta),
         .constants = {2, 3},
         .reference = definition_with(beta),
         .f32_tolerance = 1e-5,
         .bf16_tolerance = beta == 0 ? 2e-2 : 8e-2});  // slope 9 near 0
  }
  cases.push_back({.name = "one class, two images",
                   .inputs = {random_tensor({2, 3, 4}, 3), Tensor::full({2, 3}, 1, DType::kI32),
                              random_tensor({2, 3, 4}, 4), random_tensor({2, 3}, 5, .1, 1)},
                   .forward = loss_with(0.5),
                   .constants = {2, 3},
                   .reference = definition_with(0.5)});
  return cases;
});

TEST_CASE("box_regression_loss: a skipped row may hold anything") {
  const Tensor deltas = Tensor::from<float>({2, 4}, {1, 0, -2, 0, NAN, NAN, NAN, NAN});
  deltas.set_requires_grad(true);
  const Tensor y =
      ops::box_regression_loss(deltas, {}, Tensor::from<float>({2, 4}, {0, 0, 0, 0, NAN, 1, 1, 1}),
                               Tensor::from<float>({2}, {1, 0}), /*beta=*/0);
  backward(y);
  CHECK(y.item() == 3);
  CHECK(deltas.grad().to_vector<float>() == std::vector<float>{1, 0, -1, 0, 0, 0, 0, 0});
}

TEST_CASE("box_regression_loss: NaN and a class without columns are not hidden") {
  const Tensor targets = Tensor::zeros({1, 4}, DType::kF32), one = Tensor::from<float>({1}, {1});
  const auto loss = [&](float delta, int32_t k) {
    const Tensor deltas = Tensor::full({1, 8}, delta, DType::kF32);
    return ops::box_regression_loss(deltas, Tensor::from<int32_t>({1}, {k}), targets, one, 1)
        .item();
  };
  CHECK(loss(2, 1) == 6);
  CHECK(std::isnan(loss(NAN, 1)));
  CHECK(std::isnan(loss(2, 2)));
  CHECK(std::isnan(loss(2, -1)));
}

TEST_CASE("box_regression_loss: a NaN delta gives a NaN gradient") {
  for (const double beta : {0.0, 0.5}) {
    const Tensor deltas = Tensor::from<float>({1, 4}, {NAN, 0, 0, 0});
    deltas.set_requires_grad(true);
    backward(ops::box_regression_loss(deltas, {}, Tensor::zeros({1, 4}, DType::kF32),
                                      Tensor::from<float>({1}, {1}), beta));
    CHECK(std::isnan(deltas.grad().to_vector<float>()[0]));
  }
}

TEST_CASE("box_regression_loss: names what is wrong with its inputs") {
  const Tensor deltas = Tensor::zeros({2, 8}, DType::kF32);
  const Tensor classes = Tensor::zeros({2}, DType::kI32);
  const Tensor targets = Tensor::zeros({2, 4}, DType::kF32);
  const Tensor weights = Tensor::zeros({2}, DType::kF32);
  CHECK_THROWS_WITH_AS(
      ops::box_regression_loss(Tensor::zeros({2, 6}, DType::kF32), classes, targets, weights, 0),
      "box_regression_loss: deltas must be floating point [..., 4K], got f32 [2, 6]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::box_regression_loss(deltas, classes, deltas, weights, 0),
                       "box_regression_loss: targets must be f32 [2, 4], got f32 [2, 8]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::box_regression_loss(deltas, classes, targets, targets, 0),
                       "box_regression_loss: weights must be f32 [2], got f32 [2, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::box_regression_loss(deltas, weights, targets, weights, 0),
                       "box_regression_loss: classes must be i32 [2], got f32 [2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::box_regression_loss(deltas, {}, targets, weights, 0),
                       "box_regression_loss: deltas without classes must be [..., 4], got [2, 8]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::box_regression_loss(deltas, classes, targets, weights, -1),
                       "box_regression_loss: beta must not be negative, got -1", ShapeError);
}

TEST_CASE("box_regression_loss: value and gradient equal PyTorch's, L1 and smooth") {
  const int32_t classes[] = {1, 0, 1};
  for (const double beta : {0.0, 1.0 / 9}) {
    const Tensor x = oracle_leaf({3, 8}, 3);
    std::vector<double> targets = oracle_input({3, 4}, 4).to_vector<double>();
    for (size_t i = 0; i < targets.size(); ++i) {
      const size_t r = i / 4, column = static_cast<size_t>(4 * classes[r]) + i % 4;
      targets[i] = x.data<double>()[r * 8 + column] + targets[i] / 10;
    }
    const Tensor y = ops::box_regression_loss(x, Tensor::from<int32_t>({3}, {1, 0, 1}),
                                              Tensor::from({3, 4}, targets),
                                              Tensor::from({3}, kOracleWeights), beta);
    if (beta == 0) {
      check_loss(y, x, 0.39475, {0, 0, 0, 0, .25, .25, .25, -.25, -.5,   -.5,   -.5,   -.5,
                                 0, 0, 0, 0, 0,   0,   0,   0,    -.125, -.125, -.125, -.125});
    } else {
      check_loss(y, x, 0.23148066666666672,
                 {0, 0, 0, 0, 0.2115, 0.12825, 0.045, -0.03825, -.243, -0.4095, -.5,   -.5,
                  0, 0, 0, 0, 0,      0,       0,     0,        -.125, -.125,   -.125, -.125});
    }
  }
}
