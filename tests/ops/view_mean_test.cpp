#include "ops/view_mean/view_mean.h"

#include <doctest/doctest.h>

#include "testing/device_case.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp view_mean_op("view_mean", "test time only");

TEST_CASE("view_mean: mirrored views are turned back, columns and channels") {
  const Tensor plain = Tensor::from<float>({1, 2, 3}, {1, 2, 3, 4, 5, 6}),
               mirrored = Tensor::from<float>({1, 2, 3}, {3, 2, 1, 6, 5, 4});
  const std::vector<ops::ViewMaps> both = {{plain, false}, {mirrored, true}};
  CHECK(ops::view_mean(both).to_vector<float>() == plain.to_vector<float>());

  // Two columns of three channels, of which the last two change places.
  const Tensor mirror = Tensor::from<int32_t>({3}, {0, 2, 1});
  const std::vector<ops::ViewMaps> maps = {
      {Tensor::from<double>({1, 1, 2, 3}, {0, 0, 0, 0, 0, 0}), false},
      {Tensor::from<double>({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}), true}};
  CHECK(ops::view_mean(maps, mirror).to_vector<double>() ==
        std::vector<double>{2, 3, 2.5, 0.5, 1.5, 1});
  CHECK(ops::view_mean(maps).to_vector<double>() == std::vector<double>{2, 2.5, 3, 0.5, 1, 1.5});
}

TEST_CASE("view_mean: one view is itself, to the last bit") {
  const Tensor maps = random_tensor({3, 5, 7, 2}, 1, -1, 1, DType::kF32);
  const ops::ViewMaps one{maps, false};
  CHECK(ops::view_mean(std::span(&one, 1)).to_vector<float>() == maps.to_vector<float>());
  const ops::ViewMaps none{Tensor::zeros({0, 5, 5}, DType::kF32), true};
  CHECK(ops::view_mean(std::span(&none, 1)).shape() == Shape{0, 5, 5});
}

TEST_CASE("view_mean: refuses maps that do not belong together") {
  const Tensor maps = Tensor::zeros({1, 2, 2, 3}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::view_mean({}), "view_mean: needs a view, got none", ShapeError);
  const ops::ViewMaps flat{Tensor::zeros({4}, DType::kF32), false};
  CHECK_THROWS_WITH_AS(ops::view_mean(std::span(&flat, 1)),
                       "view_mean: maps must be f32 or f64 [R, H, W] or [R, H, W, C], got f32 [4]",
                       ShapeError);
  const std::vector<ops::ViewMaps> differ = {{maps, false},
                                             {Tensor::zeros({1, 2, 3, 3}, DType::kF32), false}};
  CHECK_THROWS_WITH_AS(ops::view_mean(differ),
                       "view_mean: maps must be f32 [1, 2, 2, 3], got f32 [1, 2, 3, 3]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::view_mean(std::span(differ).first(1), Tensor::zeros({2}, DType::kI32)),
                       "view_mean: mirror must be i32 [3], got i32 [2]", ShapeError);
}

static const DeviceCases view_mean_device_cases("view_mean", [] {
  return std::vector<DeviceCase>{{.name = "three views, one of them mirrored",
                                  .inputs = {random_tensor({9, 28, 28, 5}, 1, 0, 1, DType::kF32),
                                             random_tensor({9, 28, 28, 5}, 2, 0, 1, DType::kF32),
                                             random_tensor({9, 28, 28, 5}, 3, 0, 1, DType::kF32),
                                             Tensor::from<int32_t>({5}, {0, 2, 1, 4, 3})},
                                  .forward =
                                      [](Inputs in) {
                                        const std::vector<ops::ViewMaps> views = {
                                            {in[0], false}, {in[1], true}, {in[2], false}};
                                        return std::vector{ops::view_mean(views, in[3])};
                                      },
                                  .tolerance = 1e-6}};
});
