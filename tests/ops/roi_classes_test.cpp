#include "ops/roi_classes/roi_classes.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp roi_classes_op("roi_classes", "labels are integers");

using Ints = std::vector<int32_t>;

TEST_CASE("roi_classes: foreground takes its object's class, background is K, empty is -1") {
  const Tensor labels = Tensor::from<int32_t>({2, 3}, {1, 0, -1, 1, 1, 0});
  const Tensor matched = Tensor::from<int32_t>({2, 3}, {1, 0, -1, 0, 1, -1});
  const Tensor gt_classes = Tensor::from<int32_t>({2, 2}, {4, 6, 2, 3});
  const auto result = ops::roi_classes(labels, matched, gt_classes, 8);
  CHECK(result.classes.to_vector<int32_t>() == Ints{6, 8, -1, 2, 3, 8});
  CHECK(result.images.to_vector<int32_t>() == Ints{0, 0, -1, 1, 1, 1});
}

static const DeviceCases roi_classes_device_cases("roi_classes", [] {
  return std::vector<DeviceCase>{
      {.name = "two images",
       .inputs = {random_ints({2, 512}, 1, -1, 2), random_ints({2, 512}, 2, 0, 7),
                  random_ints({2, 7}, 3, 0, 80)},
       .forward = [](Inputs in) {
         const auto result = ops::roi_classes(in[0], in[1], in[2], 80);
         return std::vector{result.classes, result.images};
       }}};
});
