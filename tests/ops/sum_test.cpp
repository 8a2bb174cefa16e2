#include "ops/sum/sum.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/kernels/backend.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases sum_cases("sum", [] {
  return std::vector<OpCase>{{
      .name = "not a multiple of the lanes",
      .inputs = {random_tensor({3, 7, 5}, 1)},
      .forward = [](std::span<const Tensor> in) { return std::vector{ops::sum(in[0])}; },
      .reference =
          [](std::span<const Tensor> in) {
            double sum = 0;
            for (const double v : in[0].to_vector<double>()) sum += v;
            return std::vector{Tensor::full({}, sum, DType::kF64)};
          },
  }};
});

TEST_CASE("sum: the bits do not depend on the number of threads") {
  const Tensor x = random_tensor({100003}, 2, -1, 1, DType::kF32);
  const int threads = cpu_context().num_threads();
  std::vector<double> sums;
  for (const int n : {1, 2, 3}) {
    cpu_context().set_num_threads(n);
    sums.push_back(ops::sum(x).item());
  }
  cpu_context().set_num_threads(threads);
  CHECK(sums[0] == sums[1]);
  CHECK(sums[0] == sums[2]);
}

TEST_CASE("sum: small terms survive beside a large one") {
  std::vector<float> values(100001, 1);
  values[0] = 0x1p30f;  // in f32, adding 1 to this changes nothing
  CHECK(ops::sum(Tensor::from({100001}, values)).item() == static_cast<double>(0x1p30f + 100000.f));
}

TEST_CASE("sum: nothing sums to 0, and NaN stays") {
  CHECK(ops::sum(Tensor::empty({0, 4}, DType::kF32)).item() == 0);
  CHECK(std::isnan(ops::sum(Tensor::from<float>({2}, {NAN, 1})).item()));
}

TEST_CASE("sum: refuses integers") {
  CHECK_THROWS_WITH_AS(ops::sum(Tensor::zeros({2}, DType::kI32)),
                       "sum: x must be f32 or f64, got i32", ShapeError);
}
