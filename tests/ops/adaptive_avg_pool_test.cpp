#include "ops/adaptive_avg_pool/adaptive_avg_pool.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/feature_map.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

OpCase average_case(const char* name, const Shape& shape, int output_size) {
  return {.name = name,
          .inputs = {random_tensor(shape, 1)},
          .forward =
              [output_size](std::span<const Tensor> in) {
                return std::vector{ops::adaptive_avg_pool(in[0], output_size)};
              },
          .reference =
              [output_size](std::span<const Tensor> in) {
                const Tensor& x = in[0];
                // In doubles, which hold these quotients to far less than a pixel.
                const auto begin = [&](int64_t bin, int64_t size) {
                  return static_cast<int64_t>(
                      std::floor(static_cast<double>(bin * size) / output_size));
                };
                const auto end = [&](int64_t bin, int64_t size) {
                  return static_cast<int64_t>(
                      std::ceil(static_cast<double>((bin + 1) * size) / output_size));
                };
                return std::vector{feature_map(
                    {x.size(0), output_size, output_size, x.size(3)},
                    [&](int64_t n, int64_t i, int64_t j, int64_t c) {
                      double sum = 0, pixels = 0;
                      for (int64_t y = begin(i, x.size(1)); y < end(i, x.size(1)); ++y)
                        for (int64_t k = begin(j, x.size(2)); k < end(j, x.size(2)); ++k, ++pixels)
                          sum += element_at(x, n, y, k, c);
                      return sum / pixels;
                    })};
              },
          .bf16_tolerance = 1e-2};
}

}  // namespace

static const OpCases average_cases("adaptive_avg_pool", [] {
  return std::vector<OpCase>{average_case("all pixels", {2, 3, 5, 4}, 1),
                             average_case("bins that overlap", {2, 5, 7, 4}, 3),
                             average_case("more bins than pixels", {1, 2, 3, 3}, 7)};
});

TEST_CASE("adaptive_avg_pool: as many bins as pixels leave the map as it is") {
  const Tensor x = random_tensor({1, 7, 7, 3}, 2);
  CHECK(ops::adaptive_avg_pool(x, 7).to_vector<double>() == x.to_vector<double>());
}

TEST_CASE("adaptive_avg_pool: PyTorch's bins of a row of five in three") {
  // torch.nn.AdaptiveAvgPool2d(3): columns 0-1, 1-3, 3-4.
  const Tensor x = Tensor::from<double>({1, 1, 5, 1}, {1, 2, 4, 8, 16});
  const auto y = ops::adaptive_avg_pool(x, 3).to_vector<double>();
  CHECK(std::vector<double>(y.begin(), y.begin() + 3) ==
        std::vector<double>{1.5, (2.0 + 4 + 8) / 3, 12});
}

TEST_CASE("adaptive_avg_pool: refuses maps without pixels and sides below one") {
  CHECK_THROWS_WITH_AS(ops::adaptive_avg_pool(Tensor::zeros({1, 0, 3, 2}, DType::kF32), 7),
                       "adaptive_avg_pool: x must be floating [N, H, W, C] with pixels, got f32 "
                       "[1, 0, 3, 2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::adaptive_avg_pool(Tensor::zeros({1, 3, 3, 2}, DType::kF32), 0),
                       "adaptive_avg_pool: output_size must be positive, got 0", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::adaptive_avg_pool(Tensor::zeros({1, 3, 2, 2}, DType::kF32), 600'000'000),
      "adaptive_avg_pool: output_size times the side must fit in 31 bits, got 600000000 x 3",
      ShapeError);
}
