// Against torchvision: tests/detection/parity/keypoint_head_f64_test.cpp.
#include "ops/keypoint_targets/keypoint_targets.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp keypoint_targets_op("keypoint_targets", "places are integers");

namespace {

using Ints = std::vector<int32_t>;

Tensor ints(const Ints& values) {
  return Tensor::from({static_cast<int64_t>(values.size())}, values);
}

/// One image of two instances with two keypoints each.
const Tensor kKeypoints =
    Tensor::from<float>({1, 2, 2, 3}, {12, 21, 2, 19.9f, 39.9f, 1, 20, 40, 2, 0, 0, 0});

ops::KeypointTargets targets(const std::vector<float>& boxes, const Ints& images, const Ints& gt,
                             const Ints& classes, int64_t size = 4) {
  const auto rows = static_cast<int64_t>(images.size());
  return ops::keypoint_targets(Tensor::from({rows, 4}, boxes), ints(images), ints(gt),
                               ints(classes), kKeypoints, size);
}

const DeviceCases device_cases("keypoint_targets", [] {
  const int64_t rois = 700, images = 3, instances = 8, keypoints = 17;
  std::vector<int32_t> image, gt, classes;
  for (int32_t r = 0; r < rois; ++r) {
    image.push_back(r % 11 == 0 ? -1 : r % 3);
    gt.push_back(r % 13 == 0 ? -1 : r % 8);
    classes.push_back(r % 5);
  }
  const Tensor low = random_tensor({rois, 2}, 1, 0, 100, DType::kF32);
  std::vector<float> boxes;
  const auto corner = low.to_vector<float>();
  for (int64_t r = 0; r < rois; ++r) {
    const float x = corner[2 * r], y = corner[2 * r + 1];
    boxes.insert(boxes.end(), {x, y, x + 40, y + 30});
  }
  return std::vector<DeviceCase>{
      {.name = "RoIs with and without objects",
       .inputs = {Tensor::from({rois, 4}, boxes), ints(image), ints(gt), ints(classes),
                  random_tensor({images, instances, keypoints, 3}, 2, -20, 140, DType::kF32)},
       .forward = [](Inputs in) {
         const auto found = ops::keypoint_targets(in[0], in[1], in[2], in[3], in[4], 56);
         return std::vector{found.places, found.classes};
       }}};
});

}  // namespace

TEST_CASE("keypoint_targets: the cell of the box that a keypoint lies in, the far edges included") {
  // Cells of 2.5 x 5 pixels: 12 is in column 0, 21 in row 0; 19.9 and 39.9 in the last ones.
  const auto found = targets({10, 20, 20, 40, 10, 20, 20, 40}, {0, 0}, {0, 1}, {5, 6});
  CHECK(found.places.to_vector<int32_t>() == Ints{0, 15, 15, -1});
  CHECK(found.classes.to_vector<int32_t>() == Ints{5, 6});
}

TEST_CASE("keypoint_targets: what is not labelled or not in the box has no place") {
  // The first RoI holds one of the object's two, the second none, the third has no extent.
  const auto found =
      targets({10, 20, 15, 30, 0, 0, 5, 5, 12, 21, 12, 21}, {0, 0, 0}, {0, 0, 1}, {5, 6, 7});
  CHECK(found.places.to_vector<int32_t>() == Ints{1, -1, -1, -1, -1, -1});
  CHECK(found.classes.to_vector<int32_t>() == Ints{5, -1, -1});
}

TEST_CASE("keypoint_targets: empty slots and RoIs without an object have none") {
  const auto found = targets({10, 20, 20, 40, 10, 20, 20, 40}, {-1, 0}, {0, -1}, {5, 6});
  CHECK(found.places.to_vector<int32_t>() == Ints{-1, -1, -1, -1});
  CHECK(found.classes.to_vector<int32_t>() == Ints{-1, -1});
}

TEST_CASE("keypoint_targets: names the tensor whose shape or dtype is wrong") {
  const Tensor boxes = Tensor::zeros({2, 4}, DType::kF32);
  const Tensor rows = ints({0, 0});
  CHECK_THROWS_WITH_AS(ops::keypoint_targets(boxes, ints({0}), rows, rows, kKeypoints, 4),
                       "keypoint_targets: images must be i32 [2], got i32 [1]", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::keypoint_targets(boxes, rows, rows, rows, kKeypoints.to(DType::kF64), 4),
      "keypoint_targets: keypoints must be f32 [N, G, J, 3], got f64 [1, 2, 2, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::keypoint_targets(rows, rows, rows, rows, kKeypoints, 4),
                       "keypoint_targets: boxes must be f32 or f64 [R, 4], got i32 [2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::keypoint_targets(boxes, rows, rows, rows, kKeypoints, 0),
                       "keypoint_targets: size must be positive, got 0", ShapeError);
}
