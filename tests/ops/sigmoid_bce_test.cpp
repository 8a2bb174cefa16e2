#include "ops/sigmoid_bce/sigmoid_bce.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

std::vector<Tensor> bce(std::span<const Tensor> in) {
  const Tensor weights = in[0].dtype() == DType::kBF16 ? in[2].to(DType::kF32) : in[2];
  return {ops::sigmoid_bce(in[0], in[1], weights)};
}

std::vector<Tensor> bce_by_definition(std::span<const Tensor> in) {
  const auto x = in[0].to_vector<double>(), weights = in[2].to_vector<double>();
  const auto labels = in[1].to_vector<int32_t>();
  double loss = 0;
  for (size_t r = 0; r < labels.size(); ++r) {
    const double p = 1 / (1 + std::exp(-x[r]));
    if (labels[r] >= 0) loss -= weights[r] * std::log(labels[r] == 1 ? p : 1 - p);
  }
  return {Tensor::full({}, loss, DType::kF64)};
}

}  // namespace

static const OpCases sigmoid_bce_cases("sigmoid_bce", [] {
  return std::vector<OpCase>{{
      .name = "two images, ignored and unweighted elements",
      .inputs = {random_tensor({2, 4}, 1, -4, 4),
                 Tensor::from<int32_t>({2, 4}, {1, 0, -1, 1, 0, 0, 1, -1}),
                 Tensor::from<double>({2, 4}, {.5, .2, .3, 0, .1, .4, .6, 0})},
      .forward = bce,
      .constants = {2},
      .reference = bce_by_definition,
      .bf16_tolerance = 2e-2,  // logits of magnitude 4 rounded to eight bits
  }};
});

TEST_CASE("sigmoid_bce: a skipped element may hold anything") {
  const Tensor logits = Tensor::from<float>({3}, {0, NAN, INFINITY});
  logits.set_requires_grad(true);
  const Tensor y = ops::sigmoid_bce(logits, Tensor::from<int32_t>({3}, {1, -1, 0}),
                                    Tensor::from<float>({3}, {1, 1, 0}));
  backward(y);
  CHECK(y.item() == doctest::Approx(std::log(2.0)));
  CHECK(logits.grad().to_vector<float>() == std::vector<float>{-0.5f, 0, 0});
}

TEST_CASE("sigmoid_bce: stays exact far from zero") {
  const auto loss = [](float logit, int32_t label) {
    return ops::sigmoid_bce(Tensor::from<float>({1}, {logit}), Tensor::from<int32_t>({1}, {label}),
                            Tensor::from<float>({1}, {1}))
        .item();
  };
  CHECK(loss(1000, 0) == 1000);
  CHECK(loss(-1000, 1) == 1000);
  CHECK(loss(1000, 1) == 0);
  CHECK(loss(20, 1) == doctest::Approx(std::exp(-20.0)).epsilon(1e-6));  // 1 - sigmoid is 0 in f32
  CHECK(std::isnan(loss(NAN, 1)));
}

TEST_CASE("sigmoid_bce: names what is wrong with its inputs") {
  const Tensor logits = Tensor::zeros({2, 3}, DType::kF64);
  const Tensor labels = Tensor::zeros({2, 3}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::sigmoid_bce(labels, labels, logits),
                       "sigmoid_bce: logits must be floating point, got i32", ShapeError);
  CHECK_THROWS_WITH_AS(ops::sigmoid_bce(logits, Tensor::zeros({2}, DType::kI32), logits),
                       "sigmoid_bce: labels must be i32 [2, 3], got i32 [2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::sigmoid_bce(logits, labels, Tensor::zeros({2, 3}, DType::kF32)),
                       "sigmoid_bce: weights must be f64 [2, 3], got f32 [2, 3]", ShapeError);
}

TEST_CASE("sigmoid_bce: value and gradient equal PyTorch's") {
  const Tensor x = oracle_leaf({3}, 2);
  const Tensor y =
      ops::sigmoid_bce(x, Tensor::from<int32_t>({3}, {1, 0, 1}), Tensor::from({3}, kOracleWeights));
  check_loss(y, x, 1.0791881653665574,
             {-0.23768349847899334, 0.034892391438290045, -0.11275389946280576});
}
