// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include <algorithm>

#include "ops/balanced_sample/balanced_sample_block_passes.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

constexpr int64_t kImages = 3;

/// Labels of which one in `rarity` is positive, the same number ignored, the rest negative.
Tensor draw_labels(int64_t num_boxes, uint32_t rarity) {
  const RandomStream random{6, RandomPurpose::kTest};
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < kImages * num_boxes; ++i) {
    const uint32_t draw = random.below(static_cast<uint32_t>(i), rarity);
    labels.push_back(draw == 0 ? 1 : draw == 1 ? -1 : 0);
  }
  return Tensor::from({kImages, num_boxes}, labels);
}

ops::BalancedSample empty_sample(int64_t num) {
  return {Tensor::empty({kImages, num}, DType::kI32), Tensor::empty({kImages, 2}, DType::kI32)};
}

}  // namespace

TEST_CASE("balanced_sample: the phases of the GPU choose what the CPU's kernel chooses") {
  const Tensor image_ids = Tensor::from<int64_t>({kImages}, {12, 7000000000, 3});
  StepState step;
  step.iteration = 1234;
  for (const int64_t num_boxes : {0, 1, 100, 1024, 5000, 60000}) {
    for (const uint32_t rarity : {1u, 2u, 4u, 1000u}) {
      const Tensor labels = draw_labels(num_boxes, rarity);
      for (const int64_t num : {0, 1, 64, 256, 3000}) {
        for (const int64_t max_positives : {int64_t{0}, num / 4, num}) {
          CAPTURE(num_boxes);
          CAPTURE(rarity);
          CAPTURE(num);
          CAPTURE(max_positives);
          const ops::SampleOptions options{.num = num, .seed = 9};
          const ops::BalancedSample expected = empty_sample(num), got = empty_sample(num);
          const auto args = [&](const ops::BalancedSample& sample) {
            return ops::SampleBalanced{labels, image_ids, &step, options, max_positives, sample};
          };
          ops::run(cpu_context(), args(expected));
          ops::balanced_sample_blocks::run(cpu_context(), args(got));
          CHECK(expected.indices.to_vector<int32_t>() == got.indices.to_vector<int32_t>());
          CHECK(expected.counts.to_vector<int32_t>() == got.counts.to_vector<int32_t>());
        }
      }
    }
  }
}

TEST_CASE("balanced_sample: the key of every box is written, also where it is not drawn") {
  const int64_t num_boxes = 100;
  const Tensor labels = draw_labels(num_boxes, 4), image_ids = Tensor::zeros({3}, DType::kI64);
  const StepState step;
  constexpr uint32_t kUnwritten = 0xFFFFFFFF;
  std::vector<uint32_t> keys(kImages * num_boxes, kUnwritten);
  parallel_for(cpu_context(), kImages * num_boxes,
               ops::balanced_sample_blocks::DrawKeys{labels.data<int32_t>(),
                                                     image_ids.data<int64_t>(), &step, 9,
                                                     RandomPurpose::kTest, num_boxes, keys.data()});
  CHECK(std::count(keys.begin(), keys.end(), kUnwritten) == 0);
}

TEST_CASE("balanced_sample: the phases of the GPU break ties by index") {
  const int64_t num_boxes = 5000;
  const Tensor labels = draw_labels(num_boxes, 2), image_ids = Tensor::zeros({3}, DType::kI64);
  const int32_t* label = labels.data<int32_t>();
  for (const uint32_t distinct : {1u, 2u, 40u}) {
    // Few keys: thousands of boxes share one, spread over its bits.
    std::vector<uint32_t> keys;
    for (int64_t i = 0; i < kImages * num_boxes; ++i)
      keys.push_back(static_cast<uint32_t>(i * 7919) % distinct * 0x05000001u);
    const ops::SampleOptions options{.num = 300};
    const ops::BalancedSample sample = empty_sample(300);
    std::vector<uint32_t> scratch(kImages * 300);
    parallel_phases(
        cpu_context(), kImages,
        ops::SelectSample(ops::SampleBalanced{labels, image_ids, nullptr, options, 120, sample},
                          keys.data(), scratch.data()));
    for (int64_t n = 0; n < kImages; ++n) {
      std::vector<std::pair<uint32_t, int32_t>> positives;
      for (int32_t m = 0; m < num_boxes; ++m)
        if (label[n * num_boxes + m] == 1) positives.push_back({keys[n * num_boxes + m], m});
      std::sort(positives.begin(), positives.end());
      std::vector<int32_t> expected;
      for (int i = 0; i < 120; ++i) expected.push_back(positives[i].second);
      std::sort(expected.begin(), expected.end());
      const int32_t* row = sample.indices.data<int32_t>() + n * 300;
      CHECK(std::equal(expected.begin(), expected.end(), row));
    }
  }
}
