// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include <cmath>

#include "core/kernels/random.h"
#include "ops/nms/nms_block_passes.h"
#include "testing/op_case.h"
#include "testing/stable_sort_indices.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

struct Case {
  Tensor boxes, scores, groups;
};

/// Boxes on a coarse grid, so that many are equal or touch, with few distinct scores; some boxes
/// and scores are not finite, one group in num_groups + 1 is no candidate.
Case draw_boxes(int64_t images, int64_t count, uint32_t num_groups, float side, DType dtype) {
  const RandomStream random{8, RandomPurpose::kTest};
  std::vector<float> boxes, scores;
  std::vector<int32_t> groups;
  uint32_t draw = 0;
  for (int64_t i = 0; i < images * count; ++i) {
    const float x = std::floor(random.uniform(draw++, 0, side)),
                y = std::floor(random.uniform(draw++, 0, side)),
                w = std::floor(random.uniform(draw++, 0, 90)),
                h = std::floor(random.uniform(draw++, 5, 90));
    const uint32_t special = random.below(draw++, 200);
    for (const float v : {special == 0 ? NAN : x, y, x + w, special == 1 ? INFINITY : y + h})
      boxes.push_back(v);
    scores.push_back(special == 2 ? -INFINITY : random.below(draw++, 500) / 100.f - 1);
    groups.push_back(static_cast<int32_t>(random.below(draw++, num_groups + 1)) - 1);
  }
  return {Tensor::from({images, count, 4}, boxes).to(dtype),
          Tensor::from({images, count}, scores).to(dtype), Tensor::from({images, count}, groups)};
}

void check_same_boxes(const Case& input, double threshold, int64_t max_output) {
  CAPTURE(to_string(input.boxes.shape()));
  CAPTURE(threshold);
  CAPTURE(max_output);
  const int64_t images = input.boxes.size(0);
  const auto kept_by = [&](const auto& run) {
    const Tensor keep = Tensor::empty({images, max_output}, DType::kI32),
                 counts = Tensor::empty({images}, DType::kI32);
    run(ops::NmsForward{input.boxes, input.scores, input.groups, threshold, keep, counts});
    auto result = keep.to_vector<int32_t>();
    for (const int32_t count : counts.to_vector<int32_t>()) result.push_back(count);
    return result;
  };
  CHECK(kept_by([](const auto& args) { ops::run(cpu_context(), args); }) ==
        kept_by([](const auto& args) {
          ops::nms_blocks::run(cpu_context(), args,
                               [](auto& items) { stable_sort_indices(items); });
        }));
}

}  // namespace

TEST_CASE("batched_nms: the phases of the GPU keep what the CPU's kernel keeps") {
  // Around a word, a strip of words, a block of rows; max_output above and below what is kept.
  for (const int64_t count : {0, 1, 63, 64, 65, 256, 257, 1000}) {
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      for (const uint32_t num_groups : {1u, 5u}) {
        const Case input = draw_boxes(2, count, num_groups, 200, dtype);
        for (const double threshold : {0.0, 0.5, 0.7, 1.0})
          for (const int64_t max_output : {1, 64, 100, 2000})
            check_same_boxes(input, threshold, max_output);
      }
    }
  }
  check_same_boxes(draw_boxes(0, 10, 1, 200, DType::kF32), 0.5, 10);
}

TEST_CASE("batched_nms: the phases of the GPU carry kept boxes from chunk to chunk") {
  // Some thousands are kept in the first of three chunks and suppress in the next.
  for (const int64_t max_output : {200, 2000, 10000})
    check_same_boxes(draw_boxes(1, 9000, 3, 1000, DType::kF32), 0.5, max_output);
}

TEST_CASE("batched_nms: images without candidates keep nothing") {
  Case input = draw_boxes(3, 300, 1, 200, DType::kF32);
  fill(input.groups.rows(1, 2), -1);
  check_same_boxes(input, 0.5, 50);
  fill(input.groups, -1);
  check_same_boxes(input, 0.5, 50);
}
