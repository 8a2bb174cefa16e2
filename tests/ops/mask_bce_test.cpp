#include "ops/mask_bce/mask_bce.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

std::vector<Tensor> loss(std::span<const Tensor> in) {
  const Tensor weights = in[0].dtype() == DType::kBF16 ? in[3].to(DType::kF32) : in[3];
  return {ops::mask_bce(in[0], in[1], in[2], weights)};
}

std::vector<Tensor> loss_by_definition(std::span<const Tensor> in) {
  const auto x = in[0].to_vector<double>(), targets = in[2].to_vector<double>();
  const auto weights = in[3].to_vector<double>();
  const auto classes = in[1].to_vector<int32_t>();
  const size_t num_classes = static_cast<size_t>(in[0].size(3));
  const size_t pixels = targets.size() / weights.size();
  double sum = 0;
  for (size_t r = 0; r < weights.size(); ++r) {
    if (weights[r] == 0) continue;
    const size_t k = num_classes == 1 ? 0 : static_cast<size_t>(classes[r]);
    double row = 0;
    for (size_t p = r * pixels; p < (r + 1) * pixels; ++p) {
      const double probability = 1 / (1 + std::exp(-x[p * num_classes + k]));
      row -= std::log(targets[p] == 1 ? probability : 1 - probability);
    }
    sum += weights[r] * row / static_cast<double>(pixels);
  }
  return {Tensor::full({}, sum, DType::kF64)};
}

Tensor checkerboard(const Shape& shape) {
  std::vector<uint8_t> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 5 < 2;
  return Tensor::from(shape, values);
}

}  // namespace

static const OpCases mask_bce_cases("mask_bce", [] {
  return std::vector<OpCase>{
      {.name = "three classes, background and empty rows",
       .inputs = {random_tensor({5, 3, 4, 3}, 1, -3, 3),
                  Tensor::from<int32_t>({5}, {2, 0, 3, 1, -1}), checkerboard({5, 3, 4}),
                  Tensor::from<double>({5}, {.5, .2, 0, .3, 0})},
       .forward = loss,
       .constants = {3},
       .reference = loss_by_definition,
       .bf16_tolerance = 2e-2},  // logits of magnitude 3 rounded to eight bits
      {.name = "one mask for all classes",
       .inputs = {random_tensor({2, 2, 2, 1}, 2), Tensor::from<int32_t>({2}, {4, 7}),
                  checkerboard({2, 2, 2}), random_tensor({2}, 3, .1, 1)},
       .forward = loss,
       .constants = {3},
       .reference = loss_by_definition},
  };
});

TEST_CASE("mask_bce: a skipped row and the masks of other classes may hold anything") {
  const Tensor logits = Tensor::from<float>({2, 1, 2, 2}, {NAN, 0, NAN, 0, NAN, NAN, NAN, NAN});
  logits.set_requires_grad(true);
  const Tensor y = ops::mask_bce(logits, Tensor::from<int32_t>({2}, {1, 0}),
                                 Tensor::from<uint8_t>({2, 1, 2}, {1, 0, 1, 1}),
                                 Tensor::from<float>({2}, {1, 0}));
  backward(y);
  CHECK(y.item() == doctest::Approx(std::log(2.0)));
  CHECK(logits.grad().to_vector<float>() == std::vector<float>{0, -0.25f, 0, 0.25f, 0, 0, 0, 0});
}

TEST_CASE("mask_bce: NaN and a class without a mask are not hidden") {
  const auto value = [](float logit, int32_t k) {
    return ops::mask_bce(Tensor::full({1, 2, 2, 2}, logit, DType::kF32),
                         Tensor::from<int32_t>({1}, {k}), Tensor::zeros({1, 2, 2}, DType::kU8),
                         Tensor::from<float>({1}, {1}))
        .item();
  };
  CHECK(value(0, 1) == doctest::Approx(std::log(2.0)));
  CHECK(std::isnan(value(NAN, 1)));
  CHECK(std::isnan(value(0, 2)));
}

TEST_CASE("mask_bce: no RoIs give 0 and an empty gradient") {
  const Tensor logits = Tensor::zeros({0, 2, 2, 3}, DType::kF32);
  logits.set_requires_grad(true);
  const Tensor y =
      ops::mask_bce(logits, Tensor::zeros({0}, DType::kI32), Tensor::zeros({0, 2, 2}, DType::kU8),
                    Tensor::zeros({0}, DType::kF32));
  backward(y);
  CHECK(y.item() == 0);
  CHECK(logits.grad().shape() == Shape{0, 2, 2, 3});
}

TEST_CASE("mask_bce: names what is wrong with its inputs") {
  const Tensor logits = Tensor::zeros({2, 4, 4, 3}, DType::kF32);
  const Tensor classes = Tensor::zeros({2}, DType::kI32);
  const Tensor targets = Tensor::zeros({2, 4, 4}, DType::kU8);
  const Tensor weights = Tensor::zeros({2}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::mask_bce(weights, classes, targets, weights),
                       "mask_bce: logits must be floating point [R, H, W, K], got f32 [2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_bce(logits, Tensor::zeros({3}, DType::kI32), targets, weights),
                       "mask_bce: classes must be i32 [2], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_bce(logits, classes, logits, weights),
                       "mask_bce: targets must be u8 [2, 4, 4], got f32 [2, 4, 4, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_bce(logits, classes, targets, classes),
                       "mask_bce: weights must be f32 [2], got i32 [2]", ShapeError);
}

TEST_CASE("mask_bce: value and gradient equal PyTorch's") {
  const Tensor x = oracle_leaf({2, 2, 2, 3}, 5);
  const Tensor y = ops::mask_bce(x, Tensor::from<int32_t>({2}, {2, 0}),
                                 Tensor::from<uint8_t>({2, 2, 2}, {1, 0, 0, 1, 1, 1, 0, 0}),
                                 Tensor::from<double>({2}, {0.25, 0.5}));
  check_loss(y, x, 0.910421159407396,
             {0,
              0,
              -0.019243155981138238,
              0,
              0,
              0.05450865210505742,
              0,
              0,
              0.05961944831017002,
              0,
              0,
              -0.0009795805041280387,
              -0.0013598512521342393,
              0,
              0,
              -0.12340720631698605,
              0,
              0,
              0.0047109863135757395,
              0,
              0,
              0.013276873959396945,
              0,
              0});
}
