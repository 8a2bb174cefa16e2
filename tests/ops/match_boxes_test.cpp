// Reference numbers: tests/oracles/match_boxes.py.
#include "ops/match_boxes/match_boxes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/kernels/backend.h"
#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp match_boxes_op("match_boxes", "indices and labels have no gradient");

namespace {

constexpr ops::MatchOptions kRpn{.low = 0.3, .high = 0.7, .low_quality_matches = true};
constexpr ops::MatchOptions kRoi{};

/// The boxes of tests/oracles/match_boxes.py.
std::vector<float> draw_boxes(uint64_t state, int64_t count) {
  std::vector<float> boxes;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 40;
  };
  for (int64_t i = 0; i < count; ++i) {
    const float x = static_cast<float>(draw() % 241) / 4, y = static_cast<float>(draw() % 241) / 4;
    const float w = 4 + static_cast<float>(draw() % 125) / 4;
    const float h = 4 + static_cast<float>(draw() % 125) / 4;
    boxes.insert(boxes.end(), {x, y, x + w, y + h});
  }
  return boxes;
}

Tensor boxes_tensor(const Shape& shape, const std::vector<float>& values) {
  return Tensor::from(shape, values);
}

uint64_t digest(const ops::Match& match) {
  uint64_t hash = 14695981039346656037u;
  for (const Tensor* tensor : {&match.matched, &match.labels}) {
    for (const int32_t value : tensor->to_vector<int32_t>()) {
      hash = (hash ^ static_cast<uint32_t>(value)) * 1099511628211u;
    }
  }
  return hash;
}

int64_t count(const Tensor& labels, int32_t label) {
  const auto values = labels.to_vector<int32_t>();
  return std::count(values.begin(), values.end(), label);
}

using Labels = std::vector<int32_t>;

}  // namespace

TEST_CASE("match_boxes: equals torchvision's Matcher, ties and low-quality matches included") {
  struct Row {
    uint64_t seed;
    int64_t num_boxes, num_gt, rpn_positives, rpn_negatives;
    uint64_t rpn_digest;
    int64_t roi_positives, roi_negatives;
    uint64_t roi_digest;
  };
  // In the third, a ground truth overlaps no box: 0 is its highest IoU, and all boxes have it.
  for (const Row& row : std::vector<Row>{
           {1, 2500, 7, 12, 1924, 14290416510113925187u, 108, 2392, 10974456339349731339u},
           {2, 3001, 40, 101, 1209, 1414622498926273695u, 594, 2407, 8472227280385347371u},
           {3, 5, 3, 5, 0, 8737405859718704214u, 1, 4, 16279644373189299450u},
           {4, 4099, 1, 1, 3875, 845044352102389483u, 29, 4070, 16361361089458611022u},
       }) {
    INFO("seed ", row.seed);
    const Tensor boxes = boxes_tensor({row.num_boxes, 4}, draw_boxes(row.seed, row.num_boxes));
    const Tensor gt = boxes_tensor({1, row.num_gt, 4}, draw_boxes(row.seed + 100, row.num_gt));
    const Tensor classes = Tensor::zeros({1, row.num_gt}, DType::kI32);
    const auto rpn = ops::match_boxes(boxes, gt, classes, kRpn);
    CHECK(count(rpn.labels, 1) == row.rpn_positives);
    CHECK(count(rpn.labels, 0) == row.rpn_negatives);
    CHECK(digest(rpn) == row.rpn_digest);
    const auto roi = ops::match_boxes(boxes, gt, classes, kRoi);
    CHECK(count(roi.labels, 1) == row.roi_positives);
    CHECK(count(roi.labels, 0) == row.roi_negatives);
    CHECK(digest(roi) == row.roi_digest);
  }
}

TEST_CASE("match_boxes: a low-quality match keeps the index of the box's own best ground truth") {
  // IoU with gt 0: 0.5, 0.25; with gt 1: 0, 0.125. Box 1 is the best that gt 1 has.
  const Tensor boxes = boxes_tensor({2, 4}, {0, 0, 4, 2, 0, 0, 4, 16});
  const Tensor gt = boxes_tensor({1, 2, 4}, {0, 0, 4, 4, 0, 14, 4, 16});
  const Tensor classes = Tensor::zeros({1, 2}, DType::kI32);
  const auto match = ops::match_boxes(boxes, gt, classes, kRpn);
  CHECK(match.matched.to_vector<int32_t>() == Labels{0, 0});
  CHECK(match.labels.to_vector<int32_t>() == Labels{1, 1});
  auto options = kRpn;
  options.low_quality_matches = false;
  CHECK(ops::match_boxes(boxes, gt, classes, options).labels.to_vector<int32_t>() == Labels{-1, 0});
}

TEST_CASE("match_boxes: an IoU equal to a threshold belongs above it") {
  const Tensor boxes = boxes_tensor({3, 4}, {0, 0, 4, 2, 0, 0, 4, 4, 0, 0, 4, 1});
  const Tensor gt = boxes_tensor({1, 1, 4}, {0, 0, 4, 4});
  const ops::MatchOptions options{.low = 0.25, .high = 0.5, .below = 7, .between = 8, .above = 9};
  const auto match = ops::match_boxes(boxes, gt, Tensor::zeros({1, 1}, DType::kI32), options);
  CHECK(match.labels.to_vector<int32_t>() == Labels{9, 9, 8});
}

TEST_CASE("match_boxes: empty slots of ground truth match nothing, and no ground truth is below") {
  const Tensor boxes = boxes_tensor({1, 4}, {0, 0, 4, 4});
  const Tensor gt = boxes_tensor({2, 2, 4}, {0, 0, 4, 4, 0, 0, 4, 3, NAN, 0, 0, 0, 0, 0, 4, 4});
  const Tensor classes = Tensor::from<int32_t>({2, 2}, {-1, 3, -1, -1});
  const auto match = ops::match_boxes(boxes, gt, classes, kRpn);
  CHECK(match.matched.to_vector<int32_t>() == Labels{1, -1});
  CHECK(match.labels.to_vector<int32_t>() == Labels{1, 0});

  const auto none = ops::match_boxes(boxes, Tensor::zeros({2, 0, 4}, DType::kF32),
                                     Tensor::zeros({2, 0}, DType::kI32), kRpn);
  CHECK(none.matched.to_vector<int32_t>() == Labels{-1, -1});
  CHECK(none.labels.to_vector<int32_t>() == Labels{0, 0});
  CHECK(ops::match_boxes(Tensor::zeros({0, 4}, DType::kF32), gt, classes, kRpn).labels.shape() ==
        Shape{2, 0});
}

TEST_CASE("match_boxes: rows that are not there are ignored and are nobody's best") {
  // Without box 0, box 1 is the best of the only ground truth.
  const std::vector<float> one = {0, 0, 4, 4, 0, 0, 4, 1, 9, 9, 10, 10};
  const std::vector<float> reversed = {9, 9, 10, 10, 0, 0, 4, 1, 0, 0, 4, 4};
  const Tensor gt = boxes_tensor({1, 1, 4}, {0, 0, 4, 4}),
               classes = Tensor::zeros({1, 1}, DType::kI32);
  const auto by_slot = ops::match_boxes(boxes_tensor({1, 3, 4}, one), gt, classes, kRpn,
                                        Tensor::from<int32_t>({1, 3}, {-1, 5, 0}));
  CHECK(by_slot.labels.to_vector<int32_t>() == Labels{-1, 1, 0});
  CHECK(by_slot.matched.to_vector<int32_t>() == Labels{-1, 0, 0});
  const auto by_count = ops::match_boxes(boxes_tensor({1, 3, 4}, reversed), gt, classes, kRpn,
                                         Tensor::from<int32_t>({1}, {2}));
  CHECK(by_count.labels.to_vector<int32_t>() == Labels{0, 1, -1});
}

TEST_CASE("match_boxes: the same result on one thread and on several") {
  const Tensor boxes = boxes_tensor({2, 5000, 4}, draw_boxes(9, 10000));
  const Tensor gt = boxes_tensor({2, 9, 4}, draw_boxes(10, 18));
  const Tensor classes = Tensor::zeros({2, 9}, DType::kI32);
  const int threads = cpu_context().num_threads();
  cpu_context().set_num_threads(1);
  const auto serial = digest(ops::match_boxes(boxes, gt, classes, kRpn));
  cpu_context().set_num_threads(3);
  CHECK(digest(ops::match_boxes(boxes, gt, classes, kRpn)) == serial);
  cpu_context().set_num_threads(threads);
}

TEST_CASE("match_boxes: names the tensor that is wrong") {
  const Tensor boxes = Tensor::zeros({3, 4}, DType::kF32),
               gt = Tensor::zeros({2, 5, 4}, DType::kF32);
  const Tensor classes = Tensor::zeros({2, 5}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::match_boxes(Tensor::zeros({1, 3, 4}, DType::kF32), gt, classes, kRoi),
                       "match_boxes: boxes must be [M, 4] or [N=2, M, 4], got [1, 3, 4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::match_boxes(boxes, gt.to(DType::kF64), classes, kRoi),
                       "match_boxes: gt_boxes must be f32 [N, G, 4], got f64 [2, 5, 4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::match_boxes(boxes, gt, Tensor::zeros({2, 4}, DType::kI32), kRoi),
                       "match_boxes: gt_classes must be i32 [2, 5], got i32 [2, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::match_boxes(boxes, gt, classes, kRoi, Tensor::zeros({3}, DType::kI32)),
                       "match_boxes: valid must be i32 [2] or [2, 3], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::match_boxes(boxes, gt, classes, {.low = 0.7, .high = 0.3}),
                       "match_boxes: low must not exceed high, got 0.7 and 0.3", ShapeError);
}

static const DeviceCases match_boxes_device_cases("match_boxes", [] {
  const auto forward = [](Inputs in) {
    const auto result =
        ops::match_boxes(in[0], in[1], in[2], {.low = .3, .high = .7, .low_quality_matches = true});
    return std::vector{result.matched, result.labels};
  };
  return std::vector<DeviceCase>{
      {"anchors",
       {random_boxes({5003}, 1), random_boxes({2, 11}, 2), random_ints({2, 11}, 3, -1, 4)},
       forward},
      {"an image without ground truth",
       {random_boxes({300}, 4), random_boxes({1, 3}, 5), Tensor::full({1, 3}, -1, DType::kI32)},
       forward}};
});
