#include "ops/detection_candidates/detection_candidates.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp detection_candidates_op("detection_candidates", "test time only");

using Ints = std::vector<int32_t>;

TEST_CASE(
    "detection_candidates: only scores above the threshold of proposals in use are candidates") {
  const Tensor probabilities = Tensor::from<float>({2, 3}, {.7f, .05f, .25f, .9f, .06f, .04f});
  const auto result =
      ops::detection_candidates(probabilities, Tensor::from<int32_t>({1}, {1}), 0.05);
  CHECK(result.groups.to_vector<int32_t>() == Ints{0, -1, -1, -1});
  CHECK(result.scores.to_vector<float>() == std::vector<float>{.7f, .05f, .9f, .06f});
}

static const DeviceCases detection_candidates_device_cases("detection_candidates", [] {
  return std::vector<DeviceCase>{{.name = "two images",
                                  .inputs = {random_tensor({600, 9}, 1, 0, .2, DType::kF32),
                                             Tensor::from<int32_t>({2}, {300, 113})},
                                  .forward = [](Inputs in) {
                                    const auto result =
                                        ops::detection_candidates(in[0], in[1], .05);
                                    return std::vector{result.scores, result.groups};
                                  }}};
});
