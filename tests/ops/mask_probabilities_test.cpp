#include "ops/mask_probabilities/mask_probabilities.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp mask_probabilities_op("mask_probabilities", "test time only");

TEST_CASE("mask_probabilities: takes the channel of the class, and nothing in empty slots") {
  const Tensor logits = Tensor::from<float>({2, 1, 1, 2}, {0, 100, 3, 3});
  CHECK(ops::mask_probabilities(logits, Tensor::from<int32_t>({2}, {1, -1})).to_vector<float>() ==
        std::vector<float>{1, 0});
}

static const DeviceCases mask_probabilities_device_cases("mask_probabilities", [] {
  return std::vector<DeviceCase>{
      {.name = "some slots empty",
       .inputs = {random_tensor({20, 28, 28, 7}, 1, -4, 4, DType::kF32),
                  random_ints({20}, 2, -1, 7)},
       .forward = [](Inputs in) { return std::vector{ops::mask_probabilities(in[0], in[1])}; },
       .tolerance = 1e-6}};
});
