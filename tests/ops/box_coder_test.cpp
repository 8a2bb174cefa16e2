// Reference numbers: tests/oracles/box_coder.py.
#include "ops/box_coder/box_coder.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp box_coder("box_coder", "box arithmetic is constant for autograd");

namespace {

constexpr ops::BoxWeights kRoiWeights{10, 10, 5, 5};

Tensor example_boxes(DType dtype = DType::kF64) {
  return Tensor::from<double>({3, 4}, {10, 20, 50, 100, -5, 3.5, 7.25, 8, 100, 100, 101, 300})
      .to(dtype);
}
Tensor example_gt(DType dtype = DType::kF64) {
  return Tensor::from<double>({3, 4}, {12, 18, 60, 90, 0, 0, 20, 10, 90, 150, 130, 250}).to(dtype);
}
const std::vector<double> kEncoded = {1.5,
                                      -0.75,
                                      0.91160778396977293,
                                      -0.52680257828913146,
                                      7.24489795918367374,
                                      -1.66666666666666674,
                                      2.45103168281627504,
                                      3.99253848108885823,
                                      95,
                                      0,
                                      18.44439727056968081,
                                      -3.46573590279972654};

void check_close(const Tensor& got, const std::vector<double>& expected, double tolerance) {
  const auto values = got.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    INFO("element ", i);
    CHECK(std::abs(values[i] - expected[i]) <= tolerance * std::max(1.0, std::abs(expected[i])));
  }
}

}  // namespace

TEST_CASE("box_coder: encodes as torchvision") {
  check_close(ops::encode_boxes(example_boxes(), example_gt(), kRoiWeights), kEncoded, 1e-15);
  const Tensor f32 =
      ops::encode_boxes(example_boxes(DType::kF32), example_gt(DType::kF32), kRoiWeights);
  check_close(f32, kEncoded, 2e-7);  // one rounding of the result, inputs are exact
}

TEST_CASE("box_coder: decodes as torchvision, with growth cut off at 1000/16") {
  const Tensor deltas = Tensor::from<double>(
      {3, 8},
      {1, 2, 3, 4, -1, -2, -3, -4, 0.5, -0.25, 30, -30, 0, 0, 0, 0, 10, -10, 25, 1, 1, 2, 3, 4});
  const std::vector<double> expected = {-2.44237600781017505,
                                        -13.02163713969871139,
                                        70.44237600781016795,
                                        165.02163713969872560,
                                        15.02376727811946999,
                                        26.02684143531113747,
                                        36.97623272188052823,
                                        61.97315856468885897,
                                        -381.07500000000010232,
                                        5.63192280760250075,
                                        384.55000000000012506,
                                        5.64307719239749961,
                                        -5,
                                        3.5,
                                        7.25,
                                        8,
                                        70.24999999999998579,
                                        -122.14027581601698103,
                                        132.75,
                                        122.14027581601698103,
                                        99.68894059980473799,
                                        17.44590715075321441,
                                        101.51105940019525065,
                                        462.55409284924678559};
  const Tensor decoded = ops::decode_boxes(example_boxes(), deltas, kRoiWeights);
  CHECK(decoded.shape() == Shape{3, 2, 4});
  check_close(decoded, expected, 1e-15);
  check_close(ops::decode_boxes(example_boxes(DType::kF32), deltas.to(DType::kF32), kRoiWeights),
              expected, 1e-5);  // centre - half width cancels at 100 px
}

TEST_CASE("box_coder: decoding what was encoded gives the ground truth back") {
  const Tensor deltas = ops::encode_boxes(example_boxes(), example_gt(), {1, 2, 3, 4});
  const Tensor decoded = ops::decode_boxes(example_boxes(), deltas, {1, 2, 3, 4});
  check_close(decoded, example_gt().to_vector<double>(), 1e-13);
}

TEST_CASE("box_coder: a NaN delta stays visible in the decoded and in the clipped box") {
  const Tensor box = Tensor::from<float>({1, 4}, {0, 0, 10, 10});
  const Tensor deltas = Tensor::from<float>({1, 4}, {0, 0, NAN, 0});
  const Tensor decoded = ops::decode_boxes(box, deltas, {});
  const Tensor clipped =
      ops::clip_boxes(decoded.view({1, 1, 4}), Tensor::from<int32_t>({1, 2}, {8, 9}));
  const auto values = clipped.to_vector<float>();
  CHECK(std::isnan(values[0]));
  CHECK(values[1] == 0.f);
  CHECK(std::isnan(values[2]));
  CHECK(values[3] == 8.f);
}

TEST_CASE("box_coder: clips x to the width and y to the height of each image") {
  const Tensor boxes = Tensor::from<float>(
      {2, 2, 4}, {-1, -2, 300, 400, 5, 6, 7, 8, 150, 250, 160, 260, -9, 1, -8, INFINITY});
  const Tensor sizes = Tensor::from<int32_t>({2, 2}, {100, 200, 255, 155});
  const std::vector<float> expected = {0,   0,   200, 100, 5, 6, 7, 8,
                                       150, 250, 155, 255, 0, 1, 0, 255};
  CHECK(ops::clip_boxes(boxes, sizes).to_vector<float>() == expected);
}

TEST_CASE("box_coder: matched targets are those of the pair, and zeros for all but positives") {
  const Tensor boxes = example_boxes(), gt = example_gt();
  const Tensor gt_boxes = Tensor::from<double>(
      {2, 2, 4}, {12, 18, 60, 90, 0, 0, 20, 10, 90, 150, 130, 250, 12, 18, 60, 90});
  const Tensor matched = Tensor::from<int32_t>({2, 3}, {0, 1, 0, 1, -1, 0});
  const Tensor labels = Tensor::from<int32_t>({2, 3}, {1, 1, 0, -1, 1, 1});
  std::vector<double> expected(24, 0.0);
  std::copy_n(kEncoded.begin(), 8, expected.begin());           // image 0: pairs 0, 1
  std::copy_n(kEncoded.begin() + 8, 4, expected.begin() + 20);  // image 1: pair 2
  const Tensor shared = ops::encode_matched(boxes, gt_boxes, matched, labels, kRoiWeights);
  check_close(shared, expected, 1e-15);

  auto twice = boxes.to_vector<double>();
  twice.insert(twice.end(), twice.begin(), twice.begin() + 12);
  const Tensor own = ops::encode_matched(Tensor::from<double>({2, 3, 4}, twice), gt_boxes, matched,
                                         labels, kRoiWeights);
  CHECK(own.to_vector<double>() == shared.to_vector<double>());
}

TEST_CASE("box_coder: RoIs are encoded against the ground truth of their own image") {
  const Tensor gt_boxes = Tensor::from<double>(
      {2, 2, 4}, {12, 18, 60, 90, 0, 0, 20, 10, 90, 150, 130, 250, 12, 18, 60, 90});
  const Tensor images = Tensor::from<int32_t>({3}, {1, -1, 1});
  const Tensor matched = Tensor::from<int32_t>({3}, {1, 0, 0});
  auto expected = kEncoded;
  std::fill_n(expected.begin() + 4, 4, 0.0);
  check_close(ops::encode_rois(example_boxes(), images, gt_boxes, matched, kRoiWeights), expected,
              1e-15);
}

TEST_CASE("box_coder: no boxes and no ground truth are fine") {
  const Tensor none = Tensor::empty({0, 4}, DType::kF32);
  CHECK(ops::decode_boxes(none, Tensor::empty({0, 12}, DType::kF32), {}).shape() == Shape{0, 3, 4});
  const Tensor box = Tensor::from<float>({1, 4}, {0, 0, 1, 1});
  const Tensor targets = ops::encode_matched(box, Tensor::empty({1, 0, 4}, DType::kF32),
                                             Tensor::from<int32_t>({1, 1}, {-1}),
                                             Tensor::from<int32_t>({1, 1}, {0}), {});
  CHECK(targets.to_vector<float>() == std::vector<float>(4, 0.f));
}

TEST_CASE("box_coder: names the tensor that is wrong") {
  const Tensor boxes = example_boxes();
  CHECK_THROWS_WITH_AS(ops::decode_boxes(boxes, Tensor::zeros({3, 6}, DType::kF64), {}),
                       "decode_boxes: deltas must be [R=3, 4 K], got [3, 6]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::encode_boxes(boxes, example_gt(DType::kF32), {}),
                       "encode_boxes: gt_boxes must be f64 [3, 4], got f32 [3, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::clip_boxes(boxes, Tensor::zeros({1, 2}, DType::kI32)),
                       "clip_boxes: boxes must be [N, B, 4], got [3, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::encode_matched(boxes, Tensor::zeros({2, 5, 4}, DType::kF64),
                                           Tensor::zeros({2, 3}, DType::kI64),
                                           Tensor::zeros({2, 3}, DType::kI32), {}),
                       "encode_matched: matched must be i32 [2, 3], got i64 [2, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::encode_boxes(boxes.to(DType::kBF16), example_gt(), {}),
                       "encode_boxes: boxes must be f32 or f64, got bf16", ShapeError);
}

static const DeviceCases box_coder_device_cases("box_coder", [] {
  return std::vector<DeviceCase>{
      {.name = "encode",
       .inputs = {random_boxes({1000}, 1), random_boxes({1000}, 2)},
       .forward =
           [](Inputs in) {
             return std::vector{ops::encode_boxes(in[0], in[1], {10, 10, 5, 5})};
           }},
      {.name = "encode matched",
       .inputs = {random_boxes({777}, 3), random_boxes({2, 6}, 4), random_ints({2, 777}, 5, -1, 6),
                  random_ints({2, 777}, 6, -1, 2)},
       .forward =
           [](Inputs in) {
             return std::vector{ops::encode_matched(in[0], in[1], in[2], in[3], {})};
           }},
      {.name = "decode and clip",
       .inputs = {random_boxes({1200}, 7), random_tensor({1200, 4}, 8, -6, 6, DType::kF32),
                  Tensor::from<int32_t>({2, 2}, {300, 400, 200, 250})},
       .forward = [](Inputs in) {
         return std::vector{
             ops::clip_boxes(ops::decode_boxes(in[0], in[1], {}).view({2, 600, 4}), in[2])};
       }}};
});
