#include "ops/box_voting/box_voting.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp box_voting_op("box_voting", "test time only");

namespace {

const Tensor kSquare = Tensor::from<double>({1, 1, 4}, {0, 0, 10, 10});

/// Votes on a square of class 2.
std::vector<double> voted(const std::vector<double>& boxes, const std::vector<double>& scores,
                          const std::vector<int32_t>& classes, double iou = 0.9) {
  const auto count = static_cast<int64_t>(scores.size());
  return ops::vote_boxes(kSquare, Tensor::from<int32_t>({1, 1}, {2}),
                         Tensor::from({1, count, 4}, boxes), Tensor::from({1, count}, scores),
                         Tensor::from({1, count}, classes), iou)
      .to_vector<double>();
}

}  // namespace

TEST_CASE("vote_boxes: the mean of what reaches the IoU, weighted with the scores") {
  // IoU with the square: 1; 0.9, just enough; 0.8; and what is of another class, or of none.
  const std::vector<double> boxes = {0, 0, 10, 10, 0, 0, 10, 9,  0, 0, 10, 8,
                                     0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10};
  const std::vector<double> mean = voted(boxes, {0.75, 0.25, 1, 1, 1, NAN}, {2, 2, 2, 1, -1, 2});
  CHECK(mean == std::vector<double>{0, 0, 10, 9.75});
  CHECK(voted({0, 0, 10, 9}, {0.25}, {2}) == std::vector<double>{0, 0, 10, 9});
  CHECK(voted({0, 0, 10, 9}, {0.25}, {2}, 0.901) == std::vector<double>{0, 0, 10, 10});
}

TEST_CASE("vote_boxes: a box that is alone keeps its bits; empty slots and empty boxes stay") {
  const Tensor boxes = random_boxes({1, 300}, 4);
  const Tensor classes = Tensor::zeros({1, 300}, DType::kI32);
  for (int i = 0; i < 300; ++i) classes.data<int32_t>()[i] = i;  // all alone
  CHECK(ops::vote_boxes(boxes, classes, boxes, coarse_scores({1, 300}, 5), classes, 0.9)
            .to_vector<float>() == boxes.to_vector<float>());
  const Tensor kept = Tensor::from<float>({1, 2, 4}, {1, 2, 3, 4, 5, 5, 5, 9});
  const Tensor slots = Tensor::from<int32_t>({1, 2}, {-1, 0});
  CHECK(ops::vote_boxes(kept, slots, kept, Tensor::full({1, 2}, 1, DType::kF32), slots, 0)
            .to_vector<float>() == kept.to_vector<float>());
  const Tensor none = Tensor::zeros({1, 0, 4}, DType::kF32);
  CHECK(ops::vote_boxes(kept, slots, none, Tensor::zeros({1, 0}, DType::kF32),
                        Tensor::zeros({1, 0}, DType::kI32), 0.5)
            .to_vector<float>() == kept.to_vector<float>());
}

TEST_CASE("vote_boxes: refuses what its contract excludes") {
  const Tensor scores = Tensor::zeros({1, 1}, DType::kF64),
               classes = Tensor::zeros({1, 1}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::vote_boxes(scores, classes, kSquare, scores, classes, 0.5),
                       "vote_boxes: kept must be f32 or f64 [N, B, 4], got f64 [1, 1]", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::vote_boxes(kSquare, classes, kSquare.to(DType::kF32), scores, classes, 0.5),
      "vote_boxes: boxes must be f64 [1, 1, 4], got f32 [1, 1, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::vote_boxes(kSquare, classes, kSquare, classes, classes, 0.5),
                       "vote_boxes: scores must be f64 [1, 1], got i32 [1, 1]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::vote_boxes(kSquare, classes, kSquare, scores, classes, 1.5),
                       "vote_boxes: iou_threshold must be in [0, 1], got 1.5", ShapeError);
}

static const DeviceCases box_voting_device_cases("box_voting", [] {
  const auto vote = [](Inputs in) {
    return std::vector{ops::vote_boxes(in[0], in[1], in[2], in[3], in[4], 0.3)};
  };
  return std::vector<DeviceCase>{
      {.name = "many candidates at a place, some slots empty",
       .inputs = {random_boxes({2, 40}, 1), random_ints({2, 40}, 2, -1, 3),
                  random_boxes({2, 1500}, 3), coarse_scores({2, 1500}, 4),
                  random_ints({2, 1500}, 5, -1, 3)},
       .forward = vote,
       .tolerance = 1e-6}};
});
