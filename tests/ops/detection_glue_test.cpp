// The small ops between matching, sampling and the heads.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/append_ground_truth/append_ground_truth.h"
#include "ops/detection_candidates/detection_candidates.h"
#include "ops/mask_probabilities/mask_probabilities.h"
#include "ops/roi_classes/roi_classes.h"
#include "ops/size_filter/size_filter.h"
#include "testing/op_case.h"

using namespace denovo;
using denovo::testing::NoGradientOp;

static const NoGradientOp size_filter("size_filter", "selects boxes");
static const NoGradientOp append_ground_truth("append_ground_truth", "boxes are constants");
static const NoGradientOp roi_classes("roi_classes", "labels are integers");
static const NoGradientOp detection_candidates("detection_candidates", "test time only");
static const NoGradientOp mask_probabilities("mask_probabilities", "test time only");

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

TEST_CASE("append_ground_truth: keeps the slots in use of both lists and marks the others empty") {
  const Tensor proposals = Tensor::from<float>({1, 2, 4}, {1, 1, 2, 2, 9, 9, 9, 9});
  const Tensor gt = Tensor::from<float>({1, 2, 4}, {3, 3, 4, 4, 7, 7, 8, 8});
  const auto result = ops::append_ground_truth(proposals, Tensor::from<int32_t>({1}, {1}), gt,
                                               Tensor::from<int32_t>({1, 2}, {5, -1}));
  CHECK(result.boxes.to_vector<float>() ==
        std::vector<float>{1, 1, 2, 2, 0, 0, 0, 0, 3, 3, 4, 4, 0, 0, 0, 0});
  CHECK(result.valid.to_vector<int32_t>() == Ints{0, -1, 0, -1});
}

TEST_CASE("roi_classes: foreground takes its object's class, background is K, empty is -1") {
  const Tensor labels = Tensor::from<int32_t>({2, 3}, {1, 0, -1, 1, 1, 0});
  const Tensor matched = Tensor::from<int32_t>({2, 3}, {1, 0, -1, 0, 1, -1});
  const Tensor gt_classes = Tensor::from<int32_t>({2, 2}, {4, 6, 2, 3});
  const auto result = ops::roi_classes(labels, matched, gt_classes, 8);
  CHECK(result.classes.to_vector<int32_t>() == Ints{6, 8, -1, 2, 3, 8});
  CHECK(result.images.to_vector<int32_t>() == Ints{0, 0, -1, 1, 1, 1});
}

TEST_CASE(
    "detection_candidates: only scores above the threshold of proposals in use are candidates") {
  const Tensor probabilities = Tensor::from<float>({2, 3}, {.7f, .05f, .25f, .9f, .06f, .04f});
  const auto result =
      ops::detection_candidates(probabilities, Tensor::from<int32_t>({1}, {1}), 0.05);
  CHECK(result.groups.to_vector<int32_t>() == Ints{0, -1, -1, -1});
  CHECK(result.scores.to_vector<float>() == std::vector<float>{.7f, .05f, .9f, .06f});
}

TEST_CASE("mask_probabilities: takes the channel of the class, and nothing in empty slots") {
  const Tensor logits = Tensor::from<float>({2, 1, 1, 2}, {0, 100, 3, 3});
  CHECK(ops::mask_probabilities(logits, Tensor::from<int32_t>({2}, {1, -1})).to_vector<float>() ==
        std::vector<float>{1, 0});
}
