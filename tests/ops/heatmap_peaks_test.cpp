// Against detectron2's and torchvision's functions:
// tests/detection/parity/keypoint_head_f64_test.cpp.
#include "ops/heatmap_peaks/heatmap_peaks.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp heatmap_peaks_op("heatmap_peaks", "the highest place is chosen");

namespace {

/// One map of 4 x 4 with a single high cell.
Tensor map_with(int y, int x, float height = 10) {
  std::vector<float> values(16, 0);
  values[static_cast<size_t>(4 * y + x)] = height;
  return Tensor::from({1, 4, 4, 1}, values);
}

std::vector<float> peak(const Tensor& map, const std::vector<float>& box, int32_t image = 0) {
  return ops::heatmap_peaks(map, Tensor::from({1, 4}, box), Tensor::from<int32_t>({1}, {image}))
      .to_vector<float>();
}

const DeviceCases device_cases("heatmap_peaks", [] {
  std::vector<float> boxes;
  std::vector<int32_t> images;
  for (int i = 0; i < 40; ++i) {
    const auto at = static_cast<float>(i);
    boxes.insert(boxes.end(), {at, 2 * at, at + 0.3f + 7 * at, 2 * at + 5.5f + 3 * at});
    images.push_back(i % 7 == 3 ? -1 : i % 2);
  }
  return std::vector<DeviceCase>{
      {.name = "boxes of all sizes, empty slots",
       .inputs = {random_tensor({40, 28, 28, 17}, 1, -4, 4, DType::kF32),
                  Tensor::from({40, 4}, boxes), Tensor::from({40}, images)},
       .forward = [](Inputs in) { return std::vector{ops::heatmap_peaks(in[0], in[1], in[2])}; },
       .tolerance = 1e-5}};  // exp
});

}  // namespace

TEST_CASE("heatmap_peaks: a map of the box's size gives the centre of its highest cell") {
  const auto found = peak(map_with(1, 2), {20, 30, 24, 34});
  CHECK(found[0] == 22.5f);
  CHECK(found[1] == 31.5f);
  CHECK(found[2] == doctest::Approx(1 / (1 + 15 * std::exp(-10.0))));
}

TEST_CASE("heatmap_peaks: the map is enlarged to whole cells, which share the box") {
  // 8 x 16 cells: the high one covers columns 4 and 5, lines 4 to 7; bicubic, it is highest in its
  // middle, and the first of equal ones counts.
  const auto found = peak(map_with(1, 2), {20, 30, 27.2f, 45.6f});
  CHECK(found[0] == doctest::Approx(20 + 4.5 * 7.2 / 8).epsilon(1e-6));
  CHECK(found[1] == doctest::Approx(30 + 5.5 * 15.6 / 16).epsilon(1e-6));
}

TEST_CASE("heatmap_peaks: a box below a pixel counts as one pixel; empty slots give nothing") {
  const auto found = peak(map_with(0, 0), {20, 30, 20.25f, 30.25f});
  CHECK(found[0] == 20.5f);
  CHECK(found[1] == 30.5f);
  CHECK(peak(map_with(1, 1), {20, 30, 24, 34}, -1) == std::vector<float>{0, 0, 0});
}

TEST_CASE("heatmap_peaks: names what is wrong with its inputs") {
  const Tensor map = map_with(0, 0), boxes = Tensor::zeros({1, 4}, DType::kF32),
               images = Tensor::zeros({1}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::heatmap_peaks(Tensor::zeros({1, 4, 5, 1}, DType::kF32), boxes, images),
                       "heatmap_peaks: logits must be floating point [R, S, S, J] with S from 1 to "
                       "128, got f32 [1, 4, 5, 1]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::heatmap_peaks(map, Tensor::zeros({2, 4}, DType::kF32), images),
                       "heatmap_peaks: boxes must be f32 [1, 4], got f32 [2, 4]", ShapeError);
}
