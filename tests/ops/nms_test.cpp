#include "ops/nms/nms.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/kernels/random.h"
#include "ops/nms/nms_math.h"
#include "testing/device_case.h"
#include "testing/draw.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp nms_op("nms", "a choice of boxes");

namespace {

struct Case {
  Tensor boxes, scores, groups;
};

Case draw_image(uint64_t index, DType dtype) {
  Draw draw(index);
  const int64_t count = 1 + draw.below(400);
  const uint32_t num_groups = 1 + draw.below(4), side = 20 + draw.below(400);
  std::vector<double> boxes, scores;
  std::vector<int32_t> groups;
  for (int64_t i = 0; i < count; ++i) {
    const double x0 = draw.below(side) / 4., y0 = draw.below(side) / 4.;
    const double w = draw.below(side) / 8., h = draw.below(side) / 8.;
    for (const double v : {x0, y0, x0 + w, y0 + h}) boxes.push_back(v);
    scores.push_back(draw.below(64) / 16.);
    groups.push_back(static_cast<int32_t>(draw.below(num_groups)));
  }
  return {Tensor::from({1, count, 4}, boxes).to(dtype), Tensor::from({1, count}, scores).to(dtype),
          Tensor::from({1, count}, groups)};
}

/// Many boxes of similar size over a few places: thousands of candidates, many suppressed.
Case draw_crowded(int64_t images, int64_t count, int num_groups, uint64_t seed) {
  const RandomStream random{seed, RandomPurpose::kTest};
  std::vector<float> boxes, scores;
  std::vector<int32_t> groups;
  uint32_t draw = 0;
  for (int64_t i = 0; i < images * count; ++i) {
    const float x = random.uniform(draw++, 0, 900), y = random.uniform(draw++, 0, 700);
    const float w = random.uniform(draw++, 30, 200), h = random.uniform(draw++, 30, 200);
    for (const float v : {x, y, x + w, y + h}) boxes.push_back(v);
    scores.push_back(static_cast<float>(random.below(draw++, 3000)) / 1000);
    groups.push_back(static_cast<int>(random.below(draw++, num_groups + 1)) - 1);
  }
  return {Tensor::from({images, count, 4}, boxes), Tensor::from({images, count}, scores),
          Tensor::from({images, count}, groups)};
}

std::vector<int32_t> kept_of(const ops::NmsResult& result, int64_t image) {
  const auto keep = result.keep.to_vector<int32_t>();
  const int32_t count = result.counts.to_vector<int32_t>()[image];
  const auto begin = keep.begin() + image * result.keep.size(1);
  for (int64_t i = 0; i < result.keep.size(1); ++i) CHECK((begin[i] >= 0) == (i < count));
  return {begin, begin + count};
}

/// The definition, one candidate at a time.
std::vector<int32_t> greedy(const Case& input, int64_t image, float threshold, size_t max_output) {
  const auto boxes = input.boxes.to_vector<float>(), scores = input.scores.to_vector<float>();
  const auto groups = input.groups.to_vector<int32_t>();
  const int64_t count = input.boxes.size(1), base = image * count;
  std::vector<int32_t> order, kept;
  for (int32_t i = 0; i < count; ++i)
    if (groups[base + i] >= 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return scores[base + a] > scores[base + b]; });
  const auto box = [&](int i) { return ops::nms_box(&boxes[4 * (base + i)]); };
  for (const int32_t i : order) {
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](int k) {
      return groups[base + k] == groups[base + i] && ops::overlaps(box(k), box(i), threshold);
    });
    if (!suppressed) kept.push_back(i);
    if (kept.size() == max_output) break;
  }
  return kept;
}

}  // namespace

TEST_CASE("batched_nms: keeps what torchvision keeps, ties and exact thresholds included") {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/nms/kept.txt");
  const double thresholds[] = {0.5, 0.7, 0.3, 0.0, 1. / 3, 1.0};
  std::string line;
  int index = 0;
  for (; std::getline(file, line); ++index) {
    std::istringstream numbers(line);
    std::vector<int32_t> expected;
    for (int32_t i; numbers >> i;) expected.push_back(i);
    INFO("image ", index);
    const Case input = draw_image(index, DType::kF32);
    const auto result =
        ops::batched_nms(input.boxes, input.scores, input.groups, thresholds[index % 6], 500);
    CHECK(kept_of(result, 0) == expected);
  }
  CHECK(index == 60);
}

TEST_CASE("batched_nms: f64 boxes on a coarse grid give what f32 gives") {
  for (int index = 0; index < 20; ++index) {
    const Case narrow = draw_image(index, DType::kF32), wide = draw_image(index, DType::kF64);
    CHECK(kept_of(ops::batched_nms(narrow.boxes, narrow.scores, narrow.groups, 0.6, 400), 0) ==
          kept_of(ops::batched_nms(wide.boxes, wide.scores, wide.groups, 0.6, 400), 0));
  }
}

TEST_CASE("batched_nms: chunks, blocks and threads do not change the greedy result") {
  for (const auto& [groups, max_output] : {std::pair{1, 4000}, {5, 700}, {80, 4000}, {80, 100}}) {
    const Case input = draw_crowded(3, 4000, groups, 7);
    const auto result = ops::batched_nms(input.boxes, input.scores, input.groups, 0.5, max_output);
    for (int64_t n = 0; n < 3; ++n) CHECK(kept_of(result, n) == greedy(input, n, 0.5f, max_output));
    const Case last{input.boxes.rows(2, 3), input.scores.rows(2, 3), input.groups.rows(2, 3)};
    CHECK(kept_of(ops::batched_nms(last.boxes, last.scores, last.groups, 0.5, max_output), 0) ==
          kept_of(result, 2));
  }
}

TEST_CASE("batched_nms: boxes of other groups, empty boxes and values not finite are left alone") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor boxes = Tensor::from<float>({1, 9, 4}, {0,  0,  9,   9,    // kept
                                                       0,  0,  9,   9,    // suppressed
                                                       0,  0,  9,   9,    // other group
                                                       4,  4,  4,   9,    // no width: kept
                                                       5,  5,  4,   4,    // inverted: kept
                                                       0,  0,  nan, 9,    // not a candidate
                                                       0,  0,  inf, inf,  // not a candidate
                                                       20, 20, 30,  30,   // negative group
                                                       20, 20, 30,  30});
  const Tensor scores = Tensor::from<float>({1, 9}, {9, 8, 7, 6, 5, 4, 3, 2, nan});
  const Tensor groups = Tensor::from<int32_t>({1, 9}, {0, 0, 2147483647, 0, 0, 0, 0, -1, 0});
  const auto result = ops::batched_nms(boxes, scores, groups, 0, 6);
  CHECK(result.keep.to_vector<int32_t>() == std::vector<int32_t>{0, 2, 3, 4, -1, -1});
  CHECK(result.counts.to_vector<int32_t>() == std::vector<int32_t>{4});
}

TEST_CASE("batched_nms: no boxes give empty slots") {
  const auto result =
      ops::batched_nms(Tensor::empty({2, 0, 4}, DType::kF32), Tensor::empty({2, 0}, DType::kF32),
                       Tensor::empty({2, 0}, DType::kI32), 0.5, 2);
  CHECK(result.keep.to_vector<int32_t>() == std::vector<int32_t>(4, -1));
  CHECK(result.counts.to_vector<int32_t>() == std::vector<int32_t>(2, 0));
}

TEST_CASE("batched_nms: refuses what its contract excludes") {
  const Tensor boxes = Tensor::zeros({1, 3, 4}, DType::kF32);
  const Tensor scores = Tensor::zeros({1, 3}, DType::kF32), groups = scores.to(DType::kI32);
  CHECK_THROWS_WITH_AS(ops::batched_nms(scores, scores, groups, 0.5, 1),
                       "batched_nms: boxes must be f32 or f64 [N, B, 4], got f32 [1, 3]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::batched_nms(boxes, scores.to(DType::kF64), groups, 0.5, 1),
                       "batched_nms: scores must be f32 [1, 3], got f64 [1, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::batched_nms(boxes, scores, groups.view({3}), 0.5, 1),
                       "batched_nms: groups must be i32 [1, 3], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::batched_nms(boxes, scores, groups, 1.5, 1),
                       "batched_nms: iou_threshold must be in [0, 1], got 1.5", ShapeError);
  CHECK_THROWS_WITH_AS(ops::batched_nms(boxes, scores, groups, 0.5, 0),
                       "batched_nms: max_output must be at least 1, got 0", ShapeError);
}

static const DeviceCases nms_device_cases("nms", [] {
  const auto with = [](double threshold, int64_t most) {
    return [=](Inputs in) {
      const auto result = ops::batched_nms(in[0], in[1], in[2], threshold, most);
      return std::vector{result.keep, result.counts};
    };
  };
  return std::vector<DeviceCase>{
      {"proposals of five levels",
       {random_boxes({2, 2999}, 1), coarse_scores({2, 2999}, 2), random_ints({2, 2999}, 3, -1, 5)},
       with(.7, 1000)},
      {"fewer boxes than slots",
       {random_boxes({3, 65}, 4), coarse_scores({3, 65}, 5), random_ints({3, 65}, 6, -1, 2)},
       with(.3, 100)},
      {"no candidate",
       {random_boxes({1, 70}, 7), coarse_scores({1, 70}, 8),
        Tensor::full({1, 70}, -1, DType::kI32)},
       with(.5, 10)}};
});
