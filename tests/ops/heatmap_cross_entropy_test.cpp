#include "ops/heatmap_cross_entropy/heatmap_cross_entropy.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

std::vector<Tensor> loss(std::span<const Tensor> in) {
  const Tensor weights = in[0].dtype() == DType::kBF16 ? in[2].to(DType::kF32) : in[2];
  return {ops::heatmap_cross_entropy(in[0], in[1], weights)};
}

std::vector<Tensor> loss_by_definition(std::span<const Tensor> in) {
  const auto x = in[0].to_vector<double>(), weights = in[2].to_vector<double>();
  const auto places = in[1].to_vector<int32_t>();
  const auto maps = static_cast<size_t>(in[0].size(3));
  const auto size = static_cast<size_t>(in[0].size(1) * in[0].size(2));
  double sum = 0;
  for (size_t m = 0; m < places.size(); ++m) {
    if (weights[m] == 0 || places[m] < 0) continue;
    const auto logit = [&](size_t p) { return x[(m / maps * size + p) * maps + m % maps]; };
    double all = 0;
    for (size_t p = 0; p < size; ++p) all += std::exp(logit(p));
    sum -= weights[m] * std::log(std::exp(logit(static_cast<size_t>(places[m]))) / all);
  }
  return {Tensor::full({}, sum, DType::kF64)};
}

}  // namespace

static const OpCases heatmap_cross_entropy_cases("heatmap_cross_entropy", [] {
  return std::vector<OpCase>{
      {.name = "three keypoints, some without a place or weight",
       .inputs = {random_tensor({4, 3, 4, 3}, 1, -3, 3),
                  Tensor::from<int32_t>({4, 3}, {0, 11, -1, 5, 6, 7, -1, -1, -1, 2, 2, 2}),
                  Tensor::from<double>({4, 3}, {.5, .2, 0, .3, 0, .1, 0, 0, 0, .4, .6, .7})},
       .forward = loss,
       .constants = {2},
       .reference = loss_by_definition,
       .bf16_tolerance = 2e-2},  // logits of magnitude 3 rounded to eight bits
      {.name = "one keypoint, large logits",
       .inputs = {random_tensor({2, 5, 5, 1}, 2, -40, 40), Tensor::from<int32_t>({2, 1}, {24, 3}),
                  random_tensor({2, 1}, 3, .1, 1)},
       .forward = loss,
       .constants = {2},
       .reference = loss_by_definition},
  };
});

TEST_CASE("heatmap_cross_entropy: the map of a skipped keypoint may hold anything") {
  const Tensor logits = Tensor::from<float>({1, 1, 2, 2}, {0, NAN, 0, NAN});
  logits.set_requires_grad(true);
  const Tensor y = ops::heatmap_cross_entropy(logits, Tensor::from<int32_t>({1, 2}, {1, 0}),
                                              Tensor::from<float>({1, 2}, {1, 0}));
  backward(y);
  CHECK(y.item() == doctest::Approx(std::log(2.0)));
  CHECK(logits.grad().to_vector<float>() == std::vector<float>{0.5f, 0, -0.5f, 0});
}

TEST_CASE("heatmap_cross_entropy: NaN and a place beyond the map are not hidden") {
  const auto value = [](float logit, int32_t place) {
    return ops::heatmap_cross_entropy(Tensor::full({1, 2, 2, 1}, logit, DType::kF32),
                                      Tensor::from<int32_t>({1, 1}, {place}),
                                      Tensor::from<float>({1, 1}, {1}))
        .item();
  };
  CHECK(value(0, 3) == doctest::Approx(std::log(4.0)));
  CHECK(std::isnan(value(NAN, 3)));
  CHECK(std::isnan(value(0, 4)));
}

TEST_CASE("heatmap_cross_entropy: no RoIs give 0 and an empty gradient") {
  const Tensor logits = Tensor::zeros({0, 2, 2, 3}, DType::kF32);
  logits.set_requires_grad(true);
  const Tensor y = ops::heatmap_cross_entropy(logits, Tensor::zeros({0, 3}, DType::kI32),
                                              Tensor::zeros({0, 3}, DType::kF32));
  backward(y);
  CHECK(y.item() == 0);
  CHECK(logits.grad().shape() == Shape{0, 2, 2, 3});
}

TEST_CASE("heatmap_cross_entropy: names what is wrong with its inputs") {
  const Tensor logits = Tensor::zeros({2, 4, 4, 3}, DType::kF32);
  const Tensor places = Tensor::zeros({2, 3}, DType::kI32);
  const Tensor weights = Tensor::zeros({2, 3}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::heatmap_cross_entropy(weights, places, weights),
                       "heatmap_cross_entropy: logits must be floating point [R, H, W, J] with "
                       "places, got f32 [2, 3]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::heatmap_cross_entropy(logits, Tensor::zeros({3, 2}, DType::kI32), weights),
      "heatmap_cross_entropy: places must be i32 [2, 3], got i32 [3, 2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::heatmap_cross_entropy(logits, places, weights.to(DType::kF64)),
                       "heatmap_cross_entropy: weights must be f32 [2, 3], got f64 [2, 3]",
                       ShapeError);
}

TEST_CASE("heatmap_cross_entropy: value and gradient equal PyTorch's") {
  const Tensor x = oracle_leaf({2, 2, 3, 2}, 10);
  const Tensor y = ops::heatmap_cross_entropy(x, Tensor::from<int32_t>({2, 2}, {4, 0, 5, 2}),
                                              Tensor::from<double>({2, 2}, {0.25, 0, 0.125, 0.5}));
  check_loss(y, x, 1.8519598892763347, {0.0032704753133738808, 0,
                                        0.006854705358577399,  0,
                                        0.014367020402437201,  0,
                                        0.030112348298933254,  0,
                                        -0.18688645977544183,  0,
                                        0.1322819104021201,    0,
                                        0.0016352376566869389, 0.0065409506267477616,
                                        0.0034273526792887006, 0.013709410717154803,
                                        0.007183510201218603,  -0.4712659591951256,
                                        0.015056174149466627,  0.06022469659786651,
                                        0.03155677011227908,   0.12622708044911632,
                                        -0.058859044798939955, 0.26456382080424024});
}
