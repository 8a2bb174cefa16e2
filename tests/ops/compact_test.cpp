#include "ops/compact/compact.h"

#include <doctest/doctest.h>

#include "core/kernels/random.h"
#include "ops/gather_rows/gather_rows.h"
#include "testing/device_case.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp compact_op("compact", "a choice of rows; gather_rows carries gradients");

TEST_CASE("compact: selected rows come first and keep their order") {
  const auto result = ops::compact(Tensor::from<int32_t>({2, 3}, {0, 5, 0, -1, 1, 0}));
  CHECK(result.rows.to_vector<int32_t>() == std::vector<int32_t>{1, 3, 4, -1, -1, -1});
  CHECK(result.count.to_vector<int32_t>() == std::vector<int32_t>{3});
}

TEST_CASE("compact: flags of every dtype select the same rows") {
  const RandomStream random{1, RandomPurpose::kTest};
  std::vector<int32_t> flags(777);
  std::vector<int32_t> expected;
  for (int32_t i = 0; i < 777; ++i) {
    flags[i] = static_cast<int32_t>(random.below(i, 2));
    if (flags[i]) expected.push_back(i);
  }
  const size_t count = expected.size();
  expected.resize(777, -1);
  for (const DType dtype : {DType::kI32, DType::kU8, DType::kBool}) {
    const auto result = ops::compact(Tensor::from<int32_t>({777}, flags).to(dtype));
    CHECK(result.rows.to_vector<int32_t>() == expected);
    CHECK(result.count.item() == count);
  }
}

TEST_CASE("compact_range: low is inside, high is not") {
  const Tensor classes = Tensor::from<int32_t>({6}, {-1, 0, 80, 79, 3, -1});
  const auto foreground = ops::compact_range(classes, 0, 80);
  CHECK(foreground.rows.to_vector<int32_t>() == std::vector<int32_t>{1, 3, 4, -1, -1, -1});
  CHECK(foreground.count.item() == 3);
  CHECK(ops::compact_range(classes, 5, 5).count.item() == 0);
}

TEST_CASE("compact: gather_rows by its rows moves a table and fills the empty slots") {
  const Tensor classes = Tensor::from<int32_t>({4}, {-1, 7, -1, 9});
  const auto valid = ops::compact_range(classes, 0, 80);
  const Tensor moved =
      ops::gather_rows(classes.view({1, 4}), valid.rows.view({1, 4}), /*empty_value=*/-1);
  CHECK(moved.to_vector<int32_t>() == std::vector<int32_t>{7, 9, -1, -1});
}

TEST_CASE("compact: no rows give no rows and a count of zero") {
  const auto result = ops::compact(Tensor::empty({0}, DType::kBool));
  CHECK(result.rows.shape() == Shape{0});
  CHECK(result.count.item() == 0);
}

TEST_CASE("usable_rows: the next multiple of 16, at least 16, at most the capacity") {
  const auto usable = [](int32_t count, int64_t capacity) {
    return ops::usable_rows(Tensor::from<int32_t>({1}, {count}), capacity);
  };
  CHECK(usable(0, 512) == 16);
  CHECK(usable(16, 512) == 16);
  CHECK(usable(17, 512) == 32);
  CHECK(usable(512, 512) == 512);
  CHECK(usable(95, 100) == 96);
  CHECK(usable(97, 100) == 100);
  CHECK(usable(3, 8) == 8);
}

TEST_CASE("compact: refuses what its contract excludes") {
  CHECK_THROWS_WITH_AS(ops::compact(Tensor::zeros({2}, DType::kF32)),
                       "compact: flags must be i32, u8 or bool, got f32", ShapeError);
  CHECK_THROWS_WITH_AS(ops::compact_range(Tensor::zeros({2}, DType::kU8), 0, 1),
                       "compact_range: values must be i32, got u8", ShapeError);
  CHECK_THROWS_WITH_AS(ops::compact_range(Tensor::zeros({2}, DType::kI32), 2, 1),
                       "compact_range: low must be at most high, got 2 and 1", ShapeError);
  CHECK_THROWS_WITH_AS(ops::usable_rows(Tensor::zeros({2}, DType::kI32), 16),
                       "usable_rows: count must be i32 [1], got i32 [2]", ShapeError);
}

static const DeviceCases compact_device_cases("compact", [] {
  const auto forward = [](Inputs in) {
    const auto result = ops::compact(in[0]);
    return std::vector{result.rows, result.count};
  };
  return std::vector<DeviceCase>{{"many", {random_ints({9, 1021}, 1, -1, 2)}, forward},
                                 {"none", {Tensor::zeros({1000}, DType::kI32)}, forward},
                                 {"all", {Tensor::full({4097}, 1, DType::kI32)}, forward},
                                 {"no rows", {Tensor::zeros({0}, DType::kI32)}, forward}};
});
