#include "ops/concat_levels/concat_levels.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases concat_cases("concat_levels", [] {
  return std::vector<OpCase>{
      {.name = "two levels, two anchors, three values",
       .inputs = {random_tensor({2, 2, 3, 6}, 1), random_tensor({2, 1, 2, 6}, 2)},
       .forward =
           [](std::span<const Tensor> in) {
             return std::vector{ops::concat_levels({in[0], in[1]}, 3)};
           },
       .reference =
           [](std::span<const Tensor> in) {
             const auto a = in[0].to_vector<double>(), b = in[1].to_vector<double>();
             std::vector<double> y;
             for (int n = 0; n < 2; ++n) {
               y.insert(y.end(), a.begin() + n * 36, a.begin() + (n + 1) * 36);
               y.insert(y.end(), b.begin() + n * 12, b.begin() + (n + 1) * 12);
             }
             return std::vector{Tensor::from({2, 16, 3}, y)};
           },
       .bf16_tolerance = 8e-3}};
});
