#include "ops/upsample_add/upsample_add.h"

#include <doctest/doctest.h>

#include "testing/feature_map.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases upsample_cases("upsample_add", [] {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{2, 4, 6, 3}, Shape{1, 5, 3, 2}}) {
    cases.push_back(
        {.name = to_string(shape),
         .inputs = {random_tensor(shape, 1),
                    random_tensor({shape[0], (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]}, 2)},
         .forward =
             [](std::span<const Tensor> in) {
               return std::vector{ops::upsample_add(in[0], in[1])};
             },
         .reference =
             [](std::span<const Tensor> in) {
               return std::vector{
                   feature_map(in[0].shape(), [&](int64_t n, int64_t y, int64_t x, int64_t c) {
                     return element_at(in[0], n, y, x, c) + element_at(in[1], n, y / 2, x / 2, c);
                   })};
             },
         .bf16_tolerance = 2e-2});
  }
  return cases;
});

TEST_CASE("upsample_add: names both shapes when top is not half of lateral") {
  CHECK_THROWS_WITH_AS(
      ops::upsample_add(Tensor::zeros({1, 4, 4, 2}, DType::kF32),
                        Tensor::zeros({1, 2, 3, 2}, DType::kF32)),
      "upsample_add: top must be half of lateral f32 [1, 4, 4, 2], got f32 [1, 2, 3, 2]",
      ShapeError);
}
