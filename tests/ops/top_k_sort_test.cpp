// The keys and functors of the GPU, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include <cmath>

#include "core/kernels/random.h"
#include "ops/top_k/top_k_sort_passes.h"
#include "testing/op_case.h"
#include "testing/stable_sort_indices.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

Tensor draw_scores(const Shape& shape, DType dtype, int distinct) {
  const RandomStream random{4, RandomPurpose::kTest};
  std::vector<double> values;
  for (int64_t i = 0; i < shape.numel(); ++i) {
    const auto draw = static_cast<uint32_t>(2 * i);
    const double special[] = {NAN, INFINITY, -INFINITY, -0.0};
    const double score = (static_cast<double>(random.below(draw, distinct)) - distinct / 2) / 64;
    values.push_back(random.below(draw + 1, 10) == 0 ? special[random.below(draw, 4)] : score);
  }
  return Tensor::from(shape, values).to(dtype);
}

void check_same_choice(const Tensor& scores, const std::vector<int64_t>& sizes, int64_t k) {
  std::vector<ops::TopKSegment> segments;
  int64_t begin = 0, slot = 0;
  for (const int64_t size : sizes) {
    segments.push_back({begin, size, slot, std::min(k, size)});
    begin += size;
    slot += std::min(k, size);
  }
  const Shape shape{scores.size(0), slot};
  const Tensor expected = Tensor::empty(shape, DType::kI32), got = expected.empty_like(),
               expected_values = Tensor::empty(shape, scores.dtype()),
               got_values = expected_values.empty_like();
  ops::run(cpu_context(), ops::TopKForward{scores, segments, expected, expected_values});
  ops::top_k_sort::run(cpu_context(), ops::TopKForward{scores, segments, got, got_values},
                       [](auto& items) { stable_sort_indices(items); });
  CHECK(expected.to_vector<int32_t>() == got.to_vector<int32_t>());
  CHECK(expected_values.to_vector<double>() == got_values.to_vector<double>());
}

}  // namespace

TEST_CASE("top_k: the sorted keys of the GPU choose what the CPU's kernel chooses") {
  const std::vector<int64_t> many(40, 11);  // more segments than a kernel takes
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kBF16}) {
    for (const int distinct : {1, 3, 200, 1 << 20}) {
      check_same_choice(draw_scores({3, 700}, dtype, distinct), {400, 0, 250, 50}, 60);
      check_same_choice(draw_scores({1, 5000}, dtype, distinct), {5000}, 5000);
      check_same_choice(draw_scores({2, 440}, dtype, distinct), many, 4);
      check_same_choice(draw_scores({2, 3}, dtype, distinct), {0, 3, 0}, 5);
    }
    check_same_choice(Tensor::empty({0, 8}, dtype), {8}, 2);
    check_same_choice(Tensor::empty({2, 0}, dtype), {0, 0}, 2);
    check_same_choice(Tensor::empty({2, 0}, dtype), {}, 2);
  }
}
