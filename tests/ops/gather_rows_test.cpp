#include "ops/gather_rows/gather_rows.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

std::vector<Tensor> gather(std::span<const Tensor> in) {
  return {ops::gather_rows(in[0], in[1])};
}

std::vector<Tensor> gather_by_loops(std::span<const Tensor> in) {
  const int64_t images = in[0].size(0), rows = in[0].size(1), slots = in[1].size(1);
  const int64_t channels = in[0].numel() / (images * rows);
  const auto x = in[0].to_vector<double>();
  const auto indices = in[1].to_vector<int32_t>();
  std::vector<double> y;
  for (int64_t n = 0; n < images; ++n) {
    for (int64_t s = 0; s < slots; ++s) {
      const int64_t row = indices[static_cast<size_t>(n * slots + s)];
      for (int64_t c = 0; c < channels; ++c) {
        y.push_back(row < 0 ? 0 : x[static_cast<size_t>((n * rows + row) * channels + c)]);
      }
    }
  }
  const Shape shape = in[0].shape().with(1, slots);
  return {Tensor::from(shape, y)};
}

}  // namespace

static const OpCases gather_rows_cases("gather_rows", [] {
  const Tensor indices = Tensor::from<int32_t>({2, 4}, {3, 0, -1, 4, -1, 2, 1, -1});
  return std::vector<OpCase>{
      {.name = "four columns, empty slots",
       .inputs = {random_tensor({2, 5, 4}, 1), indices},
       .forward = gather,
       .reference = gather_by_loops,
       .bf16_tolerance = 4e-3},  // one rounding of the input
      {.name = "a scalar per row",
       .inputs = {random_tensor({2, 5}, 2), indices},
       .forward = gather,
       .reference = gather_by_loops,
       .bf16_tolerance = 4e-3},
      {.name = "rows with two dimensions, odd size",
       .inputs = {random_tensor({2, 5, 3, 3}, 3), indices},
       .forward = gather,
       .reference = gather_by_loops},
  };
});

TEST_CASE("gather_rows: labels are gathered with the value that marks an empty slot") {
  const Tensor labels = Tensor::from<int32_t>({1, 3}, {7, 8, 9});
  const Tensor picked =
      ops::gather_rows(labels, Tensor::from<int32_t>({1, 3}, {2, -1, 0}), /*empty_value=*/-1);
  CHECK(picked.to_vector<int32_t>() == std::vector<int32_t>{9, -1, 7});
}

TEST_CASE("gather_rows: one set of anchors serves every image") {
  const Tensor anchors = Tensor::from<float>({1, 3, 2}, {0, 1, 10, 11, 20, 21});
  const Tensor picked = ops::gather_rows(anchors, Tensor::from<int32_t>({2, 2}, {2, 0, 1, -1}));
  CHECK(picked.shape() == Shape{2, 2, 2});
  CHECK(picked.to_vector<float>() == std::vector<float>{20, 21, 0, 1, 10, 11, 0, 0});
}

TEST_CASE("gather_rows: no slots and no rows give empty tensors") {
  const Tensor x = Tensor::zeros({2, 3, 4}, DType::kF32);
  CHECK(ops::gather_rows(x, Tensor::zeros({2, 0}, DType::kI32)).shape() == Shape{2, 0, 4});
  const Tensor nothing = Tensor::full({1, 2}, -1, DType::kI32);
  const Tensor y = ops::gather_rows(Tensor::zeros({1, 0, 4}, DType::kF32), nothing);
  CHECK(y.to_vector<float>() == std::vector<float>(8, 0));
}

TEST_CASE("gather_rows: names what is wrong with its inputs") {
  const Tensor x = Tensor::zeros({2, 3, 4}, DType::kF32);
  const Tensor indices = Tensor::zeros({2, 2}, DType::kI32);
  CHECK_THROWS_WITH_AS(ops::gather_rows(Tensor::zeros({3}, DType::kF32), indices),
                       "gather_rows: x must be [N, M, ...], got [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::gather_rows(x, Tensor::zeros({3, 2}, DType::kI32)),
                       "gather_rows: indices must be [N=2, S], got [3, 2]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::gather_rows(x, Tensor::zeros({2, 2}, DType::kI64)),
                       "gather_rows: indices must be i32, got i64", ShapeError);
  CHECK_THROWS_WITH_AS(ops::gather_rows(Tensor::zeros({2, 3}, DType::kBool), indices),
                       "gather_rows: x must be numeric, got bool", ShapeError);
  const Tensor shared = Tensor::zeros({1, 3, 4}, DType::kF32);
  shared.set_requires_grad(true);
  CHECK_THROWS_WITH_AS(
      ops::gather_rows(shared, indices),
      "gather_rows: an x that serves 2 images gets no gradient, got one that requires it",
      ShapeError);
}
