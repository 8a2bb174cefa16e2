#include "ops/global_avg_pool/global_avg_pool.h"

#include <doctest/doctest.h>

#include "testing/feature_map.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases average_cases("global_avg_pool", [] {
  return std::vector<OpCase>{
      {.name = "odd size",
       .inputs = {random_tensor({2, 3, 5, 4}, 1)},
       .forward =
           [](std::span<const Tensor> in) { return std::vector{ops::global_avg_pool(in[0])}; },
       .reference =
           [](std::span<const Tensor> in) {
             const Tensor sums = feature_map(
                 {in[0].size(0), 1, 1, in[0].size(3)}, [&](int64_t n, int64_t, int64_t, int64_t c) {
                   double sum = 0;
                   for (int64_t y = 0; y < in[0].size(1); ++y)
                     for (int64_t x = 0; x < in[0].size(2); ++x)
                       sum += element_at(in[0], n, y, x, c);
                   return sum / static_cast<double>(in[0].size(1) * in[0].size(2));
                 });
             return std::vector{sums.view({in[0].size(0), in[0].size(3)})};
           },
       .bf16_tolerance = 1e-2}};
});
