// Reference numbers: tests/oracles/anchors.py.
#include "ops/anchors/anchors.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp anchors_op("anchors", "anchors depend on sizes only");

namespace {

const std::vector<ops::AnchorLevel> kLevels = {
    {.height = 4, .width = 6, .stride_y = 4, .stride_x = 4, .sizes = {32}},
    {.height = 2, .width = 3, .stride_y = 8, .stride_x = 8, .sizes = {65}}};

std::vector<float> rows(const std::vector<float>& anchors, size_t begin, size_t count) {
  const auto first = anchors.begin() + static_cast<std::ptrdiff_t>(4 * begin);
  return {first, first + static_cast<std::ptrdiff_t>(4 * count)};
}

}  // namespace

TEST_CASE("anchors: rounded ones are torchvision's, level by level, y, x, ratio") {
  const Tensor anchors = ops::grid_anchors(kLevels, {.rounded = true}, DType::kF32);
  REQUIRE(anchors.shape() == Shape{90, 4});
  const auto values = anchors.to_vector<float>();
  CHECK(rows(values, 0, 3) ==
        std::vector<float>{-23, -11, 23, 11, -16, -16, 16, 16, -11, -23, 11, 23});
  CHECK(rows(values, 3, 3) ==
        std::vector<float>{-19, -11, 27, 11, -12, -16, 20, 16, -7, -23, 15, 23});
  CHECK(rows(values, 69, 3) == std::vector<float>{-3, 1, 43, 23, 4, -4, 36, 28, 9, -11, 31, 35});
  CHECK(rows(values, 72, 3) ==  // 32.5 rounds to 32: half to even
        std::vector<float>{-46, -23, 46, 23, -32, -32, 32, 32, -23, -46, 23, 46});
  double checksum = 0;
  for (size_t i = 0; i < values.size(); ++i) checksum += values[i] * ((i + 1) % 97);
  CHECK(checksum == 135116);
}

TEST_CASE("anchors: exact ones are detectron2's to the bit of an f32") {
  const std::vector<ops::AnchorLevel> level = {
      {.height = 4, .width = 6, .stride_y = 4, .stride_x = 8, .sizes = {32}}};
  const auto values = ops::grid_anchors(level, {}, DType::kF32).to_vector<float>();
  CHECK(rows(values, 3 * (3 * 6 + 5), 3) ==
        std::vector<float>{17.372583389f, 0.686291695f, 62.627418518f, 23.313709259f, 24, -4, 56,
                           28, 28.686290741f, -10.627416611f, 51.313709259f, 34.627418518f});
}

TEST_CASE("anchors: an offset of one half centres them in their cell") {
  const std::vector<ops::AnchorLevel> level = {
      {.height = 1, .width = 2, .stride_y = 4, .stride_x = 8, .sizes = {2}}};
  const Tensor anchors = ops::grid_anchors(level, {.ratios = {1}, .offset = 0.5}, DType::kF64);
  CHECK(anchors.to_vector<double>() == std::vector<double>{3, 1, 5, 3, 11, 1, 13, 3});
}

TEST_CASE("anchors: at one cell sizes run slowly and ratios fast") {
  const double sizes[] = {2, 4};
  const auto cells = ops::cell_anchors(sizes, {.ratios = {1, 4}});
  REQUIRE(cells.size() == 4);
  CHECK(cells[0] == std::array{-1.0, -1.0, 1.0, 1.0});
  CHECK(cells[1] == std::array{-0.5, -2.0, 0.5, 2.0});
  CHECK(cells[2] == std::array{-2.0, -2.0, 2.0, 2.0});
  CHECK(cells[3] == std::array{-1.0, -4.0, 1.0, 4.0});
}

TEST_CASE("anchors: an empty level has none") {
  auto levels = kLevels;
  levels[0].width = 0;
  CHECK(ops::grid_anchors(levels, {}, DType::kF32).shape() == Shape{18, 4});
}

TEST_CASE("anchors: refuses sizes, ratios and strides that make no box") {
  const double zero[] = {0.0}, many[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  CHECK_THROWS_WITH_AS(ops::cell_anchors(zero, {}), "anchors: size must be positive, got 0",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::cell_anchors(many, {}),
                       "anchors: a cell must have 1 to 32 anchors, got 11 sizes x 3 ratios",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::cell_anchors(many, {.ratios = {-1}}),
                       "anchors: ratio must be positive, got -1", ShapeError);
  auto levels = kLevels;
  levels[1].stride_x = 0;
  CHECK_THROWS_WITH_AS(ops::grid_anchors(levels, {}, DType::kF32),
                       "anchors: stride must be positive, got 0", ShapeError);
  CHECK_THROWS_WITH_AS(ops::grid_anchors(kLevels, {}, DType::kBF16),
                       "anchors: dtype must be f32 or f64, got bf16", ShapeError);
}

static const DeviceCases anchors_device_cases("anchors", [] {
  return std::vector<DeviceCase>{
      {.name = "two levels", .inputs = {Tensor::zeros({1}, DType::kF32)}, .forward = [](Inputs in) {
         const ops::AnchorLevel levels[] = {{37, 53, 8, 8, {32}}, {19, 27, 16, 16, {64}}};
         return std::vector{ops::grid_anchors(levels, {}, DType::kF32, in[0].device())};
       }}};
});
