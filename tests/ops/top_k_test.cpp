#include "ops/top_k/top_k.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/kernels/random.h"
#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp top_k_op("top_k", "a choice of positions; gathered rows carry gradients");

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Scores of which many are equal, some are not finite, in the dtype asked for.
Tensor draw_scores(const Shape& shape, DType dtype, int distinct, uint64_t seed) {
  const RandomStream random{seed, RandomPurpose::kTest};
  std::vector<double> values(shape.numel());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto draw = static_cast<uint32_t>(2 * i);
    values[i] = (static_cast<double>(random.below(draw, distinct)) - distinct / 2) / 64;
    const double special[] = {kNan, kInf, -kInf, -0.0};
    if (random.below(draw + 1, 10) == 0) values[i] = special[random.below(draw, 4)];
  }
  return Tensor::from(shape, values).to(dtype);
}

/// By a stable sort of everything.
void check_against_sort(const Tensor& scores, const std::vector<int64_t>& sizes, int64_t k) {
  const ops::TopK top = ops::top_k(scores, sizes, k);
  const auto values = scores.to_vector<double>(), top_values = top.values.to_vector<double>();
  const auto indices = top.indices.to_vector<int32_t>();
  int64_t slot = 0;
  int wrong = 0;
  for (int64_t n = 0; n < scores.size(0); ++n) {
    const double* row = values.data() + n * scores.size(1);
    int64_t begin = 0;
    for (const int64_t size : sizes) {
      std::vector<int32_t> order;
      for (int64_t i = begin; i < begin + size; ++i)
        if (std::isfinite(row[i])) order.push_back(static_cast<int32_t>(i));
      std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
      for (int64_t i = 0; i < std::min(k, size); ++i, ++slot) {
        const int expected = i < std::ssize(order) ? order[i] : -1;
        wrong += indices[slot] != expected;
        wrong += top_values[slot] != (expected < 0 ? -INFINITY : row[expected]);
      }
      begin += size;
    }
  }
  CHECK(slot == top.indices.numel());
  CHECK(top.values.dtype() == scores.dtype());
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("top_k: equals a stable descending sort of every segment, ties and NaN included") {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kBF16})
    for (const int distinct : {1, 3, 200, 1 << 20}) {
      check_against_sort(draw_scores({3, 700}, dtype, distinct, 1), {400, 0, 250, 50}, 60);
      check_against_sort(draw_scores({2, 9000}, dtype, distinct, 2), {8000, 1000}, 1000);
      check_against_sort(draw_scores({1, 5000}, dtype, distinct, 3), {5000}, 5000);
    }
}

TEST_CASE("top_k: scores that are not finite leave empty slots behind the finite ones") {
  const auto top =
      ops::top_k(Tensor::from<float>({1, 6}, {kNan, 2, -kInf, kInf, -3, kNan}), {4, 2}, 3);
  CHECK(top.indices.shape() == Shape{1, 5});
  CHECK(top.indices.to_vector<int32_t>() == std::vector<int32_t>{1, -1, -1, 4, -1});
  CHECK(top.values.to_vector<float>() == std::vector<float>{2, -kInf, -kInf, -3, -kInf});
}

TEST_CASE("top_k: zeros of both signs are one score") {
  const auto top = ops::top_k(Tensor::from<float>({1, 3}, {-0.f, 0.f, -0.f}), {3}, 2);
  CHECK(top.indices.to_vector<int32_t>() == std::vector<int32_t>{0, 1});
}

TEST_CASE("top_k: no images and no scores give empty results") {
  CHECK(ops::top_k(Tensor::empty({0, 8}, DType::kF32), {8}, 3).indices.shape() == Shape{0, 3});
  CHECK(ops::top_k(Tensor::empty({2, 0}, DType::kF32), {0, 0}, 3).values.shape() == Shape{2, 0});
}

TEST_CASE("top_k: refuses what its contract excludes") {
  const Tensor scores = Tensor::zeros({2, 8}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::top_k(Tensor::zeros({8}, DType::kF32), {8}, 1),
                       "top_k: scores must be floating point [N, M], got f32 [8]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::top_k(Tensor::zeros({1, 8}, DType::kI32), {8}, 1),
                       "top_k: scores must be floating point [N, M], got i32 [1, 8]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::top_k(scores, {4, 5}, 1),
                       "top_k: segment_sizes must be non-negative and add up to M = 8, got [4, 5]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::top_k(scores, {9, -1}, 1),
                       "top_k: segment_sizes must be non-negative and add up to M = 8, got [9, -1]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::top_k(scores, {8}, 0), "top_k: k must be at least 1, got 0",
                       ShapeError);
}

static const DeviceCases top_k_device_cases("top_k", [] {
  const auto forward = [](Inputs in) {
    const auto result = ops::top_k(in[0], {9001, 0, 2500, 77}, 1000);
    return std::vector{result.indices, result.values};
  };
  const Tensor scores = coarse_scores({2, 11578}, 1);
  const Tensor broken = scores.clone();
  for (int64_t i = 0; i < broken.numel(); i += 2) broken.data<float>()[i] = i % 4 ? NAN : INFINITY;
  return std::vector<DeviceCase>{{"many ties", {scores}, forward},
                                 {"half of them not finite", {broken}, forward}};
});
