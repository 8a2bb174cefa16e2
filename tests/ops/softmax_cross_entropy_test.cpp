#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// The harness turns every floating input into bf16; weights stay f32 beside bf16 logits.
std::vector<Tensor> cross_entropy(std::span<const Tensor> in) {
  const Tensor weights = in[0].dtype() == DType::kBF16 ? in[2].to(DType::kF32) : in[2];
  return {ops::softmax_cross_entropy(in[0], in[1], weights)};
}

constexpr double kSmoothing = 0.1;

std::vector<Tensor> smoothed_cross_entropy(std::span<const Tensor> in) {
  const Tensor weights = in[0].dtype() == DType::kBF16 ? in[2].to(DType::kF32) : in[2];
  return {ops::softmax_cross_entropy(in[0], in[1], weights, kSmoothing)};
}

std::vector<Tensor> cross_entropy_by_definition(std::span<const Tensor> in) {
  const auto x = in[0].to_vector<double>(), weights = in[2].to_vector<double>();
  const auto labels = in[1].to_vector<int32_t>();
  const size_t classes = static_cast<size_t>(in[0].size(-1));
  double loss = 0;
  for (size_t r = 0; r < labels.size(); ++r) {
    if (weights[r] == 0 || labels[r] < 0) continue;
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += std::exp(x[r * classes + c]);
    loss -= weights[r] * std::log(std::exp(x[r * classes + static_cast<size_t>(labels[r])]) / sum);
  }
  return {Tensor::full({}, loss, DType::kF64)};
}

/// Every class is the label with probability kSmoothing / C, the label's with the rest besides.
std::vector<Tensor> smoothed_by_definition(std::span<const Tensor> in) {
  const auto labels = in[1].to_vector<int32_t>();
  const auto weights = in[2].to_vector<double>();
  const auto classes = static_cast<int32_t>(in[0].size(-1));
  double loss = (1 - kSmoothing) * cross_entropy_by_definition(in)[0].item();
  for (int32_t c = 0; c < classes; ++c) {
    std::vector<double> shares;
    for (size_t r = 0; r < labels.size(); ++r)
      shares.push_back(labels[r] < 0 ? 0 : weights[r] * kSmoothing / classes);
    const Tensor all_c = Tensor::from<int32_t>({in[1].size(0)}, std::vector(labels.size(), c));
    const Tensor each[] = {in[0], all_c, Tensor::from<double>({in[1].size(0)}, shares)};
    loss += cross_entropy_by_definition(each)[0].item();
  }
  return {Tensor::full({}, loss, DType::kF64)};
}

}  // namespace

static const OpCases softmax_cross_entropy_cases("softmax_cross_entropy", [] {
  return std::vector<OpCase>{
      {.name = "five classes, skipped rows",
       .inputs = {random_tensor({6, 5}, 1, -3, 3), Tensor::from<int32_t>({6}, {4, 0, -1, 2, 1, 3}),
                  Tensor::from<double>({6}, {.3, .5, 0, .2, 0, .1})},
       .forward = cross_entropy,
       .constants = {2},
       .reference = cross_entropy_by_definition,
       .bf16_tolerance = 2e-2},  // logits of magnitude 3 rounded to eight bits
      {.name = "rows in two dimensions, two classes",
       .inputs = {random_tensor({2, 3, 2}, 2), Tensor::from<int32_t>({2, 3}, {1, 0, 1, 1, 0, 0}),
                  random_tensor({2, 3}, 3, .1, 1)},
       .forward = cross_entropy,
       .constants = {2},
       .reference = cross_entropy_by_definition},
      {.name = "smoothed labels, skipped rows",
       .inputs = {random_tensor({5, 4}, 4, -2, 2), Tensor::from<int32_t>({5}, {3, 0, -1, 2, 1}),
                  Tensor::from<double>({5}, {.3, .5, .2, 0, .7})},
       .forward = smoothed_cross_entropy,
       .constants = {2},
       .reference = smoothed_by_definition,
       .bf16_tolerance = 2e-2},
  };
});

TEST_CASE("softmax_cross_entropy: a skipped row may hold anything") {
  const Tensor logits = Tensor::from<float>({3, 2}, {1, 2, NAN, NAN, INFINITY, 0});
  logits.set_requires_grad(true);
  const Tensor y = ops::softmax_cross_entropy(logits, Tensor::from<int32_t>({3}, {1, 0, -1}),
                                              Tensor::from<float>({3}, {1, 0, 1}));
  backward(y);
  CHECK(y.item() == doctest::Approx(std::log1p(std::exp(-1.0))));
  const auto grad = logits.grad().to_vector<float>();
  CHECK(grad[0] == doctest::Approx(1 / (1 + std::exp(1.0))));
  CHECK(std::vector<float>(grad.begin() + 2, grad.end()) == std::vector<float>(4, 0));
}

TEST_CASE("softmax_cross_entropy: huge logits neither overflow nor lose the loss") {
  const Tensor logits = Tensor::from<float>({2, 2}, {30000, 29999, 1e30f, -1e30f});
  const Tensor y = ops::softmax_cross_entropy(logits, Tensor::from<int32_t>({2}, {1, 0}),
                                              Tensor::from<float>({2}, {1, 1}));
  CHECK(y.item() == doctest::Approx(1 + std::log1p(std::exp(-1.0))).epsilon(1e-6));
}

TEST_CASE("softmax_cross_entropy: smoothing of 1 is the distance to equal shares") {
  const Tensor logits = Tensor::from<float>({1, 3}, {0, std::log(2.f), std::log(5.f)});
  logits.set_requires_grad(true);
  const Tensor one = Tensor::from<float>({1}, {1});
  const Tensor y = ops::softmax_cross_entropy(logits, Tensor::from<int32_t>({1}, {2}), one, 1);
  backward(y);
  CHECK(y.item() == doctest::Approx(std::log(8.0) - std::log(10.0) / 3));
  const auto grad = logits.grad().to_vector<float>();
  CHECK(grad[0] == doctest::Approx(1.0 / 8 - 1.0 / 3));
  CHECK(grad[2] == doctest::Approx(5.0 / 8 - 1.0 / 3));
}

TEST_CASE("softmax_cross_entropy: NaN logits and labels out of range are not hidden") {
  const Tensor one = Tensor::from<float>({1}, {1});
  const auto loss = [&](float logit, int32_t label) {
    return ops::softmax_cross_entropy(Tensor::from<float>({1, 3}, {0, logit, 0}),
                                      Tensor::from<int32_t>({1}, {label}), one)
        .item();
  };
  CHECK(std::isnan(loss(NAN, 0)));
  CHECK(std::isnan(loss(0, 3)));
  CHECK(loss(0, 2) == doctest::Approx(std::log(3.0)));
}

TEST_CASE("softmax_cross_entropy: no rows give 0 and an empty gradient") {
  const Tensor logits = Tensor::zeros({0, 5}, DType::kF32);
  logits.set_requires_grad(true);
  const Tensor y = ops::softmax_cross_entropy(logits, Tensor::zeros({0}, DType::kI32),
                                              Tensor::zeros({0}, DType::kF32));
  backward(y);
  CHECK(y.item() == 0);
  CHECK(logits.grad().shape() == Shape{0, 5});
}

TEST_CASE("softmax_cross_entropy: names what is wrong with its inputs") {
  const Tensor logits = Tensor::zeros({2, 3}, DType::kF32);
  const Tensor labels = Tensor::zeros({2}, DType::kI32), weights = Tensor::zeros({2}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::softmax_cross_entropy(labels, labels, weights),
                       "softmax_cross_entropy: logits must be floating point [..., C], got i32 [2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::softmax_cross_entropy(logits, weights, weights),
                       "softmax_cross_entropy: labels must be i32 [2], got f32 [2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::softmax_cross_entropy(logits, labels, weights, 1.5),
                       "softmax_cross_entropy: label_smoothing must be in [0, 1], got 1.5",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::softmax_cross_entropy(logits, labels, Tensor::zeros({3}, DType::kF32)),
                       "softmax_cross_entropy: weights must be f32 [2], got f32 [3]", ShapeError);
}

TEST_CASE("softmax_cross_entropy: value and gradient equal PyTorch's") {
  const Tensor x = oracle_leaf({3, 4}, 1);
  const Tensor y = ops::softmax_cross_entropy(x, Tensor::from<int32_t>({3}, {2, 0, 3}),
                                              Tensor::from({3}, kOracleWeights));
  check_loss(
      y, x, 1.4483464420158174,
      {0.03299011071568973, 0.0477609252246795, -0.1808548553238848, 0.10010381938351552,
       -0.4340197785686205, 0.095521850449359, 0.13829028935223045, 0.20020763876703104,
       0.016495055357844866, 0.02388046261233975, 0.03457257233805761, -0.07494809030824225});
}
