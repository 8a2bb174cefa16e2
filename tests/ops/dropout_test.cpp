#include "ops/dropout/dropout.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/kernels/random.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

constexpr uint64_t kSeed = 77;
constexpr int64_t kIteration = 5;

/// Of the given images in a step of its own.
struct Step {
  Step(Device device, std::vector<int64_t> ids, int64_t iteration = kIteration)
      : state(device),
        rows{.seed = kSeed,
             .step = state.get(),
             .image_ids = Tensor::from({static_cast<int64_t>(ids.size())}, ids, device)} {
    state.write({.iteration = iteration});
  }
  Step& of(const std::vector<int32_t>& images, const std::vector<int32_t>& numbers) {
    const Shape shape{static_cast<int64_t>(images.size())};
    rows.images = Tensor::from(shape, images, state.device());
    rows.numbers = Tensor::from(shape, numbers, state.device());
    return *this;
  }

  DeviceStepState state;
  ops::DropoutRows rows;
};

/// What is kept of ones: 1 / (1 - rate), or 0.
std::vector<double> kept(const ops::DropoutRows& rows, int64_t count, int64_t channels,
                         const ops::DropoutOptions& options = {}) {
  return ops::dropout(Tensor::full({count, channels}, 1, DType::kF64), rows, options)
      .to_vector<double>();
}

double share_of_equal(const std::vector<double>& a, const std::vector<double>& b) {
  double equal = 0;
  for (size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i];
  return equal / static_cast<double>(a.size());
}

const std::vector<int64_t> kIds{9, 4'000'000'007};
const std::vector<int32_t> kImages{1, 0, 0, -1, 1}, kNumbers{3, 0, 1, -1, 700};

}  // namespace

static const OpCases dropout_cases("dropout", [] {
  return std::vector<OpCase>{
      {.name = "rows of two images and an empty one",
       .inputs = {random_tensor({5, 9}, 1)},
       .forward =
           [](std::span<const Tensor> in) {
             const Step step = std::move(Step(in[0].device(), kIds).of(kImages, kNumbers));
             return std::vector{ops::dropout(in[0], step.rows, {.rate = 0.3, .layer = 2})};
           },
       .reference =
           [](std::span<const Tensor> in) {
             auto values = in[0].to_vector<double>();
             for (uint32_t r = 0; r < 5; ++r) {
               for (uint32_t c = 0; c < 9; ++c) {
                 double& value = values[r * 9 + c];
                 if (kImages[r] < 0) {
                   value = 0;
                   continue;
                 }
                 const RandomStream draws{kSeed, RandomPurpose::kDropout, kIteration,
                                          fold_id(kIds[static_cast<size_t>(kImages[r])])};
                 const uint32_t index = (2u << 28) + 9 * static_cast<uint32_t>(kNumbers[r]) + c;
                 value = draws.bits(index) < std::floor(0.3 * 0x1p32) ? 0 : value / 0.7;
               }
             }
             return std::vector{Tensor::from(in[0].shape(), values)};
           },
       .bf16_tolerance = 1e-2},
      {.name = "a row for each image",
       .inputs = {random_tensor({2, 40}, 2)},
       .forward =
           [](std::span<const Tensor> in) {
             const Step step(in[0].device(), kIds);
             return std::vector{ops::dropout(in[0], step.rows, {.rate = 0.5})};
           },
       .bf16_tolerance = 1e-2}};
});

TEST_CASE("dropout: keeps 1 - rate of the elements, and their mean") {
  std::vector<int32_t> images(512), numbers;
  for (int32_t i = 0; i < 512; ++i) numbers.push_back(i);
  const Step step = std::move(Step(kCpu, {3}).of(images, numbers));
  for (const double rate : {0.1, 0.5, 0.9}) {
    const auto values = kept(step.rows, 512, 512, {.rate = rate});
    double count = 0, sum = 0;
    for (const double value : values) {
      count += value != 0;
      sum += value;
      CHECK((value == 0 || value == 1 / (1 - rate)));
    }
    const double n = 512 * 512, deviation = std::sqrt(n * rate * (1 - rate));
    CHECK(std::abs(count - n * (1 - rate)) < 4 * deviation);
    CHECK(sum / n == doctest::Approx(1).epsilon(4 * deviation / (n * (1 - rate))));
  }
}

TEST_CASE("dropout: what a row draws follows its image and number, wherever it stands") {
  const Step step = std::move(Step(kCpu, {3, 8}).of({0, 0, 1, -1}, {0, 1, 0, -1}));
  // The images in another order, more rows between them, another rank's view of one image alone.
  const Step other = std::move(Step(kCpu, {8, 5, 3}).of({2, 1, 0, 2}, {1, 0, 0, 0}));
  const Step alone = std::move(Step(kCpu, {8}).of({0}, {0}));
  constexpr int64_t kChannels = 300;
  const auto a = kept(step.rows, 4, kChannels), b = kept(other.rows, 4, kChannels),
             c = kept(alone.rows, 1, kChannels);
  const auto row = [](const std::vector<double>& values, int64_t r) {
    return std::vector<double>(values.begin() + r * kChannels,
                               values.begin() + (r + 1) * kChannels);
  };
  CHECK(row(a, 0) == row(b, 3));
  CHECK(row(a, 1) == row(b, 0));
  CHECK(row(a, 2) == row(b, 2));
  CHECK(row(a, 2) == c);
  CHECK(row(a, 3) == std::vector<double>(kChannels, 0));
}

TEST_CASE("dropout: layers, iterations, seeds, images and rows draw independently") {
  constexpr int64_t kChannels = 1 << 16;
  const auto draw = [](int64_t id, int32_t number, int64_t iteration, uint64_t seed, int layer) {
    Step step(kCpu, {id}, iteration);
    step.of({0}, {number}).rows.seed = seed;
    return kept(step.rows, 1, kChannels, {.rate = 0.5, .layer = layer});
  };
  const auto base = draw(1, 0, 0, 1, 0);
  CHECK(base == draw(1, 0, 0, 1, 0));
  // Half of the draws of two fair coins agree, to five deviations.
  for (const auto& other : {draw(2, 0, 0, 1, 0), draw(1, 1, 0, 1, 0), draw(1, 0, 1, 1, 0),
                            draw(1, 0, 0, 2, 0), draw(1, 0, 0, 1, 1)})
    CHECK(std::abs(share_of_equal(base, other) - 0.5) < 5 * 0.5 / 256);
}

TEST_CASE("dropout: NaN is dropped where it is not kept, and stays where it is") {
  const Step step(kCpu, {1});
  const auto pattern = kept(step.rows, 1, 64);
  const auto y =
      ops::dropout(Tensor::full({1, 64}, NAN, DType::kF64), step.rows, {}).to_vector<double>();
  for (size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (pattern[i] != 0));
}

TEST_CASE("dropout: refuses what it cannot draw for") {
  const Step step(kCpu, {1, 2});
  const Tensor x = Tensor::zeros({3, 4}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::dropout(x, step.rows, {}),
                       "dropout: image_ids must be i64 [3], got [2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::dropout(x, {}, {}), "dropout: image_ids must be i64 [3], got none",
                       ShapeError);
  const Tensor two = Tensor::zeros({2, 4}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::dropout(two, step.rows, {.rate = 1}),
                       "dropout: rate must be at least 0 and less than 1, got 1", ShapeError);
  CHECK_THROWS_WITH_AS(ops::dropout(two, step.rows, {.layer = 16}),
                       "dropout: layer must be in 0 .. 15, got 16", ShapeError);
  Step short_list(kCpu, {1});
  CHECK_THROWS_AS(ops::dropout(two, short_list.of({0}, {0}).rows, {}), ShapeError);
}
