#include "ops/size_filter/size_filter.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp size_filter_op("size_filter", "selects boxes");

using Ints = std::vector<int32_t>;

TEST_CASE("size_filter: drops boxes that are thin, inverted or not finite") {
  const Tensor boxes = Tensor::from<float>(
      {1, 5, 4}, {0, 0, 2, 2, 0, 0, 2, 0, 3, 3, 1, 5, NAN, 0, 2, 2, 0, 0, 1, 9});
  const Tensor groups = Tensor::from<int32_t>({5}, {0, 1, 2, 3, 4});
  CHECK(ops::size_filter(boxes, groups, 0).to_vector<int32_t>() == Ints{0, -1, -1, -1, 4});
  CHECK(ops::size_filter(boxes, groups, 1).to_vector<int32_t>() == Ints{0, -1, -1, -1, -1});
  CHECK_THROWS_WITH_AS(
      ops::size_filter(boxes, Tensor::zeros({4}, DType::kI32), 0),
      "size_filter: boxes must be [N, B, 4] and groups i32 [B], got [1, 5, 4] and i32 [4]",
      ShapeError);
}

static const DeviceCases size_filter_device_cases("size_filter", [] {
  return std::vector<DeviceCase>{
      {.name = "two images",
       .inputs = {random_boxes({2, 900}, 1), random_ints({900}, 2, 0, 5)},
       .forward = [](Inputs in) { return std::vector{ops::size_filter(in[0], in[1], 12.25)}; }}};
});
