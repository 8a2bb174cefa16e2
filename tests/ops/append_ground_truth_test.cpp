#include "ops/append_ground_truth/append_ground_truth.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp append_ground_truth_op("append_ground_truth", "boxes are constants");

using Ints = std::vector<int32_t>;

TEST_CASE("append_ground_truth: keeps the slots in use of both lists and marks the others empty") {
  const Tensor proposals = Tensor::from<float>({1, 2, 4}, {1, 1, 2, 2, 9, 9, 9, 9});
  const Tensor gt = Tensor::from<float>({1, 2, 4}, {3, 3, 4, 4, 7, 7, 8, 8});
  const auto result = ops::append_ground_truth(proposals, Tensor::from<int32_t>({1}, {1}), gt,
                                               Tensor::from<int32_t>({1, 2}, {5, -1}));
  CHECK(result.boxes.to_vector<float>() ==
        std::vector<float>{1, 1, 2, 2, 0, 0, 0, 0, 3, 3, 4, 4, 0, 0, 0, 0});
  CHECK(result.valid.to_vector<int32_t>() == Ints{0, -1, 0, -1});
}

static const DeviceCases append_ground_truth_device_cases("append_ground_truth", [] {
  return std::vector<DeviceCase>{
      {.name = "some slots empty",
       .inputs = {random_boxes({3, 50}, 1), Tensor::from<int32_t>({3}, {0, 50, 17}),
                  random_boxes({3, 9}, 2), random_ints({3, 9}, 3, -1, 4)},
       .forward = [](Inputs in) {
         const auto result = ops::append_ground_truth(in[0], in[1], in[2], in[3]);
         return std::vector{result.boxes, result.valid};
       }}};
});
