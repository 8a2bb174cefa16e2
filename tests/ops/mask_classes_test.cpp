#include "ops/mask_classes/mask_classes.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp mask_classes_op("mask_classes", "labels are integers");

namespace {

using Ints = std::vector<int32_t>;

Tensor ints(const Shape& shape, const Ints& values) {
  return Tensor::from(shape, values);
}

/// Two images of three instances: the first and last of image 0 and the first of image 1 have
/// polygons, the last of image 1 run lengths.
ops::InstanceMasks masks(bool runs) {
  ops::InstanceMasks masks{.polygon_xy = Tensor::zeros({2, 9, 2}, DType::kF32),
                           .polygon_starts = ints({2, 4}, {0, 3, 6, 9, 0, 3, 3, 3}),
                           .instance_polygons = ints({2, 4}, {0, 2, 2, 3, 0, 1, 1, 1})};
  if (!runs) return masks;
  masks.run_ends = ints({2, 3}, {0, 0, 0, 2, 4, 9});
  masks.instance_runs = ints({2, 4}, {0, 0, 0, 0, 0, 0, 0, 3});
  return masks;
}

const Ints kClasses = {5, 6, 7, 5, 6, 7, 8, -1}, kImages = {0, 0, 0, 1, 1, 1, 1, -1},
           kMatched = {0, 1, 2, 0, 1, 2, -1, -1};

Ints found(bool runs) {
  return ops::mask_classes(ints({8}, kClasses), ints({8}, kImages), ints({8}, kMatched),
                           masks(runs))
      .to_vector<int32_t>();
}

const DeviceCases device_cases("mask_classes", [] {
  return std::vector<DeviceCase>{
      {.name = "polygons and run lengths",
       .inputs = {ints({8}, kClasses), ints({8}, kImages), ints({8}, kMatched),
                  masks(true).instance_polygons, masks(true).run_ends, masks(true).instance_runs},
       .forward = [](std::span<const Tensor> in) {
         return std::vector{ops::mask_classes(in[0], in[1], in[2], {{}, {}, in[3], in[4], in[5]})};
       }}};
});

}  // namespace

TEST_CASE("mask_classes: a RoI keeps its class where its object has polygons or run lengths") {
  CHECK(found(true) == Ints{5, -1, 7, 5, -1, 7, -1, -1});
  CHECK(found(false) == Ints{5, -1, 7, 5, -1, -1, -1, -1});
}

TEST_CASE("mask_classes: names the tensor whose shape or dtype is wrong") {
  const Tensor rows = ints({8}, kClasses);
  CHECK_THROWS_WITH_AS(ops::mask_classes(rows, ints({2}, {0, 0}), rows, masks(true)),
                       "mask_classes: images must be i32 [8], got i32 [2]", ShapeError);
  ops::InstanceMasks wrong = masks(true);
  wrong.instance_runs = ints({2, 3}, Ints(6, 0));
  CHECK_THROWS_WITH_AS(ops::mask_classes(rows, rows, rows, wrong),
                       "mask_classes: instance_runs must be i32 [2, 4], got i32 [2, 3]",
                       ShapeError);
}
