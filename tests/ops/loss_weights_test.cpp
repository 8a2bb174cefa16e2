#include "ops/loss_weights/loss_weights.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::LossNormalizer;

static const NoGradientOp loss_weights_op("loss_weights", "weights are constants of a loss");

namespace {

// Three classes and background 3. Images 0 and 1: five valid rows, three foreground. Images 2 and
// 3: two valid rows, one foreground. The last row is an empty slot.
const std::vector<int32_t> kImages = {0, 0, 0, 1, 1, 2, 3, -1};
const std::vector<int32_t> kClasses = {2, 0, 3, 1, 3, 3, 0, -1};

std::vector<double> weights(const ops::LossWeightOptions& options) {
  return ops::loss_weights(Tensor::from({8}, kClasses), Tensor::from({8}, kImages), options)
      .to_vector<double>();
}

}  // namespace

TEST_CASE("loss_weights: RoI losses divide by all valid RoIs of a group and average the groups") {
  const double a = 1.0 / 5 / 2, b = 1.0 / 2 / 2;
  ops::LossWeightOptions options{.num_images = 4, .dtype = DType::kF64};
  CHECK(weights(options) == std::vector<double>{a, a, a, a, a, b, b, 0});
  options.class_end = 3;  // box regression: foreground only, the same divisor
  CHECK(weights(options) == std::vector<double>{a, a, 0, a, 0, 0, b, 0});
}

TEST_CASE("loss_weights: the mask loss is the mean over the foreground of a group") {
  const double a = 1.0 / 3 / 2, b = 1.0 / 1 / 2;
  CHECK(weights({.num_images = 4,
                 .class_end = 3,
                 .normalizer = LossNormalizer::kSelectedRows,
                 .dtype = DType::kF64}) == std::vector<double>{a, a, 0, a, 0, 0, b, 0});
}

TEST_CASE("loss_weights: rows with several classes each are all of the row's image") {
  // Keypoints: places of two for each RoI.
  const Tensor places = Tensor::from<int32_t>({4, 2}, {7, -1, 3, 9, -1, -1, 5, 1});
  const Tensor images = Tensor::from<int32_t>({4}, {0, 1, 2, -1});
  const double a = 1.0 / 3 / 2;
  CHECK(ops::loss_weights(
            places, images,
            {.num_images = 4, .normalizer = LossNormalizer::kSelectedRows, .dtype = DType::kF64})
            .to_vector<double>() == std::vector<double>{a, 0, a, a, 0, 0, 0, 0});
}

TEST_CASE("loss_weights: RPN divides by the sample size whatever was sampled") {
  const Tensor labels = Tensor::from<int32_t>({3, 2}, {1, 0, 0, -1, 1, -1});
  ops::LossWeightOptions options{.num_images = 3,
                                 .normalizer = LossNormalizer::kRowsPerImage,
                                 .rows_per_image = 2,
                                 .dtype = DType::kF64};
  const double a = 1.0 / (2 * 2) / 2, b = 1.0 / (2 * 1) / 2;  // the last group is one image
  CHECK(ops::loss_weights(labels, {}, options).to_vector<double>() ==
        std::vector<double>{a, a, a, 0, b, 0});
  options.class_begin = 1;  // deltas: positives only
  CHECK(ops::loss_weights(labels, {}, options).to_vector<double>() ==
        std::vector<double>{a, 0, 0, 0, b, 0});
}

TEST_CASE("loss_weights: a group without rows weighs nothing, and is still counted") {
  const auto w =
      ops::loss_weights(Tensor::from<int32_t>({2}, {1, -1}), Tensor::from<int32_t>({2}, {0, -1}),
                        {.num_images = 4, .dtype = DType::kF64});
  CHECK(w.to_vector<double>() == std::vector<double>{0.5, 0});
}

TEST_CASE("loss_weights: one step over two batches weighs as two ranks or micro-batches do") {
  const auto whole = weights({.num_images = 4});
  const auto first = ops::loss_weights(Tensor::from<int32_t>({5}, {2, 0, 3, 1, 3}),
                                       Tensor::from<int32_t>({5}, {0, 0, 0, 1, 1}),
                                       {.num_images = 2, .total_groups = 2});
  const auto second =
      ops::loss_weights(Tensor::from<int32_t>({2}, {3, 0}), Tensor::from<int32_t>({2}, {0, 1}),
                        {.num_images = 2, .total_groups = 2});
  auto parts = first.to_vector<double>();
  for (const double w : second.to_vector<double>()) parts.push_back(w);
  CHECK(parts == std::vector<double>(whole.begin(), whole.end() - 1));
}

TEST_CASE("loss_weights: names what is wrong with its inputs") {
  const Tensor rows = Tensor::zeros({4}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::loss_weights(Tensor::zeros({4}, DType::kF32), rows, {}),
                       "loss_weights: classes must be i32, got f32", ShapeError);
  CHECK_THROWS_WITH_AS(ops::loss_weights(rows, Tensor::zeros({3}, DType::kI32), {}),
                       "loss_weights: images must be i32 [4], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::loss_weights(rows, {}, {.num_images = 2}),
                       "loss_weights: classes without images must be [N=2, S], got [4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::loss_weights(rows, rows, {.images_per_group = 0}),
                       "loss_weights: images_per_group must be positive, got 0", ShapeError);
  CHECK_THROWS_WITH_AS(ops::loss_weights(rows, rows, {.normalizer = LossNormalizer::kRowsPerImage}),
                       "loss_weights: rows_per_image must be positive, got 0", ShapeError);
  CHECK_THROWS_WITH_AS(ops::loss_weights(rows, rows, {.dtype = DType::kBF16}),
                       "loss_weights: dtype must be f32 or f64, got bf16", ShapeError);
}

static const DeviceCases loss_weights_device_cases("loss_weights", [] {
  const auto with = [](ops::LossNormalizer normalizer) {
    return [normalizer](Inputs in) {
      return std::vector{ops::loss_weights(
          in[0], in[1],
          {.num_images = 5, .class_end = 3, .normalizer = normalizer, .rows_per_image = 256})};
    };
  };
  const std::vector<Tensor> rows{random_ints({2560}, 1, -1, 5), random_ints({2560}, 2, -1, 5)};
  return std::vector<DeviceCase>{
      {"selected rows", rows, with(ops::LossNormalizer::kSelectedRows)},
      {"valid rows", rows, with(ops::LossNormalizer::kValidRows)},
      {"rows per image", rows, with(ops::LossNormalizer::kRowsPerImage)},
      {"no rows",
       {Tensor::zeros({0}, DType::kI32), Tensor::zeros({0}, DType::kI32)},
       with(ops::LossNormalizer::kValidRows)}};
});
