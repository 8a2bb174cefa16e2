#include "ops/box_views/box_views.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::View;

static const NoGradientOp box_views_op("box_views", "test time only");

namespace {

View view(int height, int width, bool mirrored = false) {
  return {Tensor::from<int32_t>({1, 2}, {height, width}), mirrored};
}

std::vector<double> mapped(const std::vector<double>& box, const View& from, const View& to) {
  return ops::boxes_in_view(Tensor::from({1, 1, 4}, box), from, to).to_vector<double>();
}

}  // namespace

TEST_CASE("boxes_in_view: sizes scale, mirrors turn around") {
  const std::vector<double> box = {10, 20, 30, 60};
  CHECK(mapped(box, view(100, 80), view(200, 40)) == std::vector<double>{5, 40, 15, 120});
  CHECK(mapped(box, view(100, 80, true), view(100, 80)) == std::vector<double>{50, 20, 70, 60});
  CHECK(mapped(box, view(100, 80), view(200, 40, true)) == std::vector<double>{25, 40, 35, 120});
  CHECK(mapped(box, view(100, 80, true), view(200, 40, true)) ==
        mapped(box, view(100, 80), view(200, 40)));
}

TEST_CASE(
    "boxes_in_view: in the same view a box keeps its bits, there and back it keeps its place") {
  const Tensor boxes = random_boxes({3, 500}, 1);
  const Tensor sizes = Tensor::from<int32_t>({3, 2}, {1333, 800, 801, 1201, 77, 99}),
               others = Tensor::from<int32_t>({3, 2}, {667, 400, 1200, 1799, 120, 154});
  for (const bool mirrored : {false, true}) {
    const View here{sizes, mirrored}, there{others, !mirrored};
    CHECK(ops::boxes_in_view(boxes, here, here).to_vector<float>() == boxes.to_vector<float>());
    const auto back =
        ops::boxes_in_view(ops::boxes_in_view(boxes, here, there), there, here).to_vector<float>();
    const auto expected = boxes.to_vector<float>();
    double worst = 0;
    for (size_t i = 0; i < back.size(); ++i)
      worst = std::max(worst, std::abs(double{back[i]} - expected[i]));
    CHECK(worst < 2e-3);  // f32 of coordinates up to a few thousand, four roundings
  }
}

TEST_CASE("join_candidates: views stand behind each other, in the pixels of the frame") {
  const std::vector<ops::ViewCandidates> views = {
      {Tensor::from<float>({2, 1, 4}, {0, 1, 2, 3, 4, 5, 6, 7}),
       Tensor::from<float>({2, 1}, {1, 2}),
       Tensor::from<int32_t>({2, 1}, {3, -1}),
       {Tensor::from<int32_t>({2, 2}, {10, 10, 20, 20}), false}},
      {Tensor::from<float>({2, 2, 4}, {0, 1, 2, 3, 1, 2, 3, 4, 0, 0, 2, 2, 0, 0, 1, 1}),
       Tensor::from<float>({2, 2}, {3, 4, 5, 6}),
       Tensor::from<int32_t>({2, 2}, {0, 1, 2, -1}),
       {Tensor::from<int32_t>({2, 2}, {5, 5, 5, 5}), true}}};
  const ops::JoinedCandidates joined = ops::join_candidates(views, views.front().view);
  CHECK(joined.scores.to_vector<float>() == std::vector<float>{1, 3, 4, 2, 5, 6});
  CHECK(joined.classes.to_vector<int32_t>() == std::vector<int32_t>{3, 0, 1, -1, 2, -1});
  CHECK(joined.boxes.to_vector<float>() ==
        std::vector<float>{0, 1, 2, 3, 6,  2, 10, 6, 4,  4, 8,  8,  //
                           4, 5, 6, 7, 12, 0, 20, 8, 16, 0, 20, 4});
}

TEST_CASE("box_views: no boxes give none; what is no box is named") {
  const View one = view(10, 10);
  CHECK(ops::boxes_in_view(Tensor::zeros({1, 0, 4}, DType::kF32), one, one).shape() ==
        Shape{1, 0, 4});
  const Tensor boxes = Tensor::zeros({1, 2, 4}, DType::kF32),
               scores = Tensor::zeros({1, 2}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::boxes_in_view(scores, one, one),
                       "boxes_in_view: boxes must be f32 or f64 [N, B, 4], got f32 [1, 2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::boxes_in_view(boxes, one, {Tensor::zeros({2, 2}, DType::kI32), false}),
                       "boxes_in_view: sizes must be i32 [1, 2], got i32 [2, 2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::join_candidates({}, one), "join_candidates: needs a view, got none",
                       ShapeError);
  const ops::ViewCandidates few{boxes, scores, Tensor::zeros({1, 1}, DType::kI32), one};
  CHECK_THROWS_WITH_AS(ops::join_candidates(std::span(&few, 1), one),
                       "join_candidates: classes must be i32 [1, 2], got i32 [1, 1]", ShapeError);
}

static const DeviceCases box_views_device_cases("box_views", [] {
  const Tensor sizes = Tensor::from<int32_t>({2, 2}, {800, 1201, 1333, 799}),
               others = Tensor::from<int32_t>({2, 2}, {400, 601, 667, 400});
  const auto join = [](Inputs in) {
    const std::vector<ops::ViewCandidates> views = {{in[0], in[1], in[2], {in[3], false}},
                                                    {in[0], in[1], in[2], {in[4], true}}};
    const auto joined = ops::join_candidates(views, views.front().view);
    return std::vector{joined.boxes, joined.scores, joined.classes,
                       ops::boxes_in_view(in[0], {in[4], true}, {in[3], false})};
  };
  return std::vector<DeviceCase>{{.name = "two views of two images",
                                  .inputs = {random_boxes({2, 700}, 1), coarse_scores({2, 700}, 2),
                                             random_ints({2, 700}, 3, -1, 5), sizes, others},
                                  .forward = join,
                                  .tolerance = 1e-6}};  // fused multiplication and subtraction
});
