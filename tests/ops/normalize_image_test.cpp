#include "ops/normalize_image/normalize_image.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp normalize_image_op("normalize_image", "pixels are constants");

TEST_CASE(
    "normalize_image: swaps channels, subtracts and divides inside, is zero outside the valid "
    "size") {
  const Tensor pixels = Tensor::from<uint8_t>({1, 1, 2, 3}, {10, 20, 30, 40, 50, 60}),
               sizes = Tensor::from<int32_t>({1, 2}, {1, 1});
  const auto y =
      ops::normalize_image(pixels, sizes, {.mean = {1, 2, 3}, .std = {1, 2, 1}}).to_vector<float>();
  CHECK(y == std::vector<float>{29, 9, 7, 0, 0, 0});
}

static const DeviceCases normalize_image_device_cases("normalize_image", [] {
  Draw draw(1);
  std::vector<uint8_t> pixels(2 * 33 * 65 * 3);
  for (uint8_t& v : pixels) v = draw.below(256);
  return std::vector<DeviceCase>{
      {.name = "with padding",
       .inputs = {Tensor::from({2, 33, 65, 3}, pixels),
                  Tensor::from<int32_t>({2, 2}, {33, 40, 20, 65})},
       .forward = [](Inputs in) {
         return std::vector{ops::normalize_image(
             in[0], in[1], {.mean = {103.5, 116.3, 123.7}, .std = {57, 57, 58}})};
       }}};
});
