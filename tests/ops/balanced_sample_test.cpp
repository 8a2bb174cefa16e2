#include "ops/balanced_sample/balanced_sample.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/kernels/backend.h"
#include "core/run/step_state.h"
#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp balanced_sample_op("balanced_sample", "a choice of indices");

namespace {

using Indices = std::vector<int32_t>;

struct Draw {
  Indices indices, counts;
};

/// Samples of a batch; ids are the images.
Draw draw(const std::vector<Indices>& labels, const std::vector<int64_t>& ids, int64_t iteration,
          const ops::SampleOptions& options) {
  Indices flat;
  for (const Indices& row : labels) flat.insert(flat.end(), row.begin(), row.end());
  const auto images = static_cast<int64_t>(labels.size());
  const StepState step{.iteration = iteration};
  const auto sample = ops::balanced_sample(
      Tensor::from(Shape{images, static_cast<int64_t>(labels[0].size())}, flat),
      Tensor::from(Shape{images}, ids), &step, options);
  return {sample.indices.to_vector<int32_t>(), sample.counts.to_vector<int32_t>()};
}

/// Label 1 at every eighth box, -1 after each of them, else 0.
Indices every_eighth(int64_t num_boxes) {
  Indices labels(static_cast<size_t>(num_boxes));
  for (size_t m = 0; m < labels.size(); ++m) labels[m] = m % 8 == 0 ? 1 : m % 8 == 1 ? -1 : 0;
  return labels;
}

/// The contract, by sorting everything.
Indices sorted_choice(const Indices& labels, int32_t label, size_t places,
                      const RandomStream& stream) {
  std::vector<std::pair<uint32_t, int32_t>> keys;
  for (size_t m = 0; m < labels.size(); ++m) {
    if (labels[m] != label) continue;
    keys.emplace_back(stream.bits(static_cast<uint32_t>(m)), static_cast<int32_t>(m));
  }
  std::sort(keys.begin(), keys.end());
  keys.resize(std::min(keys.size(), places));
  Indices chosen;
  for (const auto& [key, index] : keys) chosen.push_back(index);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

TEST_CASE("balanced_sample: takes the smallest keys, positives first, in ascending order") {
  const ops::SampleOptions options{.num = 512, .positive_fraction = 0.25, .seed = 7};
  const Indices labels = every_eighth(30000);
  const auto got = draw({labels}, {123456789012}, 41, options);
  const RandomStream stream{.seed = 7,
                            .purpose = RandomPurpose::kRpnSample,
                            .iteration = 41,
                            .item = fold_id(123456789012)};
  Indices expected = sorted_choice(labels, 1, 128, stream);
  const Indices negatives = sorted_choice(labels, 0, 384, stream);
  expected.insert(expected.end(), negatives.begin(), negatives.end());
  CHECK(got.indices == expected);
  CHECK(got.counts == Indices{128, 384});
}

TEST_CASE("balanced_sample: places that positives leave go to negatives, never the other way") {
  const ops::SampleOptions options{.num = 6, .positive_fraction = 0.5};
  CHECK(draw({{0, 1, 0, 0, 0, 0}}, {1}, 0, options).counts == Indices{1, 5});
  CHECK(draw({{0, 1, 1, 1, 1, 1}}, {1}, 0, options).counts == Indices{3, 1});
  const auto few = draw({{-1, 0, -1, 1, 2, -1}, {-1, -1, -1, -1, -1, -1}}, {1, 2}, 0, options);
  CHECK(few.indices == Indices{3, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
  CHECK(few.counts == Indices{1, 1, 0, 0});
  CHECK(draw({{0, 1}}, {1}, 0, {.num = 0}).counts == Indices{0, 0});
}

TEST_CASE("balanced_sample: an image's sample does not depend on its batch or on the threads") {
  const ops::SampleOptions options{.num = 64};
  const Indices labels = every_eighth(5000);
  const auto alone = draw({labels}, {5}, 3, options);
  const int threads = cpu_context().num_threads();
  for (const int n : {1, 3}) {
    cpu_context().set_num_threads(n);
    const auto batch = draw({labels, labels, labels}, {9, 5, 7}, 3, options);
    CHECK(Indices(batch.indices.begin() + 64, batch.indices.begin() + 128) == alone.indices);
    CHECK(Indices(batch.indices.begin(), batch.indices.begin() + 64) != alone.indices);
  }
  cpu_context().set_num_threads(threads);
  CHECK(draw({labels}, {5}, 4, options).indices != alone.indices);
  ops::SampleOptions other = options;
  other.purpose = RandomPurpose::kRoiSample;
  CHECK(draw({labels}, {5}, 3, other).indices != alone.indices);
}

TEST_CASE("balanced_sample: every box is chosen equally often") {
  constexpr int kBoxes = 64, kDraws = 20000;
  const ops::SampleOptions options{.num = 16, .positive_fraction = 0.25, .seed = 3};
  Indices labels(kBoxes);
  for (size_t m = 0; m < kBoxes; ++m) labels[m] = m % 2 == 0 ? 1 : 0;
  std::vector<double> chosen(kBoxes, 0.0);
  double neighbours = 0;  // how often negatives 1 and 3 are chosen together
  for (int64_t i = 0; i < kDraws; ++i) {
    const auto got = draw({labels}, {17}, i, options);
    for (const int32_t m : got.indices) chosen[static_cast<size_t>(m)] += 1;
    const bool one = std::count(got.indices.begin(), got.indices.end(), 1) == 1;
    const bool three = std::count(got.indices.begin(), got.indices.end(), 3) == 1;
    neighbours += one && three;
  }
  // 4 of 32 positives, 12 of 32 negatives. Pearson's statistic of draws without replacement,
  // scaled by (n - 1) / (n - k), has 31 degrees of freedom: mean 31, deviation 7.9. 70 is 5 of
  // them.
  for (const int label : {1, 0}) {
    const double k = label == 1 ? 4 : 12, expected = kDraws * k / 32;
    double statistic = 0;
    for (size_t m = label == 1 ? 0 : 1; m < kBoxes; m += 2) {
      statistic += (chosen[m] - expected) * (chosen[m] - expected) / expected;
    }
    INFO("label ", label);
    CHECK(statistic * 31 / (32 - k) < 70);
  }
  // Pairs: probability 12/32 * 11/31; 5 standard deviations of the mean are 0.012.
  CHECK(std::abs(neighbours / kDraws - 12.0 / 32 * 11 / 31) < 0.012);
}

TEST_CASE("balanced_sample: names what is wrong") {
  const StepState step;
  const Tensor labels = Tensor::zeros({2, 3}, DType::kI32), ids = Tensor::zeros({2}, DType::kI64);
  CHECK_THROWS_WITH_AS(ops::balanced_sample(labels.to(DType::kI64), ids, &step, {}),
                       "balanced_sample: labels must be i32 [N, M], got i64 [2, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::balanced_sample(labels, Tensor::zeros({3}, DType::kI64), &step, {}),
                       "balanced_sample: image_ids must be i64 [2], got i64 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::balanced_sample(labels, ids, &step, {.positive_fraction = 1.5}),
                       "balanced_sample: positive_fraction must be in [0, 1], got 1.5", ShapeError);
  CHECK_THROWS_WITH_AS(ops::balanced_sample(labels, ids, &step, {.num = -1}),
                       "balanced_sample: num must not be negative, got -1", ShapeError);
}

namespace {

Tensor image_ids(int64_t images) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < images; ++i) ids.push_back(1000003 * (i + 1));
  return Tensor::from({images}, ids);
}

std::vector<Tensor> sampled(Inputs in, int64_t num) {
  DeviceStepState state(in[0].device());
  state.write({.iteration = 41});
  const auto result = ops::balanced_sample(in[0], in[1], state.get(), {.num = num, .seed = 7});
  return {result.indices, result.counts};
}

}  // namespace

static const DeviceCases balanced_sample_device_cases("balanced_sample", [] {
  const auto few = [](Inputs in) { return sampled(in, 256); };
  return std::vector<DeviceCase>{
      {"anchors of three images", {random_ints({3, 20011}, 1, -1, 2), image_ids(3)}, few},
      {"few positives", {random_ints({2, 5000}, 2, -40, 2), image_ids(2)}, few},
      {"nothing to choose", {Tensor::full({2, 700}, -1, DType::kI32), image_ids(2)}, few},
      {"no boxes", {Tensor::zeros({2, 0}, DType::kI32), image_ids(2)}, few}};
});
