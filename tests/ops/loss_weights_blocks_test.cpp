// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include "core/kernels/random.h"
#include "ops/loss_weights/loss_weights_block_passes.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::LossNormalizer;

namespace {

constexpr LossNormalizer kNormalizers[] = {
    LossNormalizer::kSelectedRows, LossNormalizer::kValidRows, LossNormalizer::kRowsPerImage};

/// Numbers in [-1, n).
Tensor draw(const Shape& shape, uint32_t n, uint64_t seed) {
  const RandomStream random{seed, RandomPurpose::kTest};
  std::vector<int32_t> values;
  for (int64_t i = 0; i < shape.numel(); ++i)
    values.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(i), n + 1)) - 1);
  return Tensor::from(shape, values);
}

void check_same_weights(const Tensor& classes, const Tensor& images,
                        ops::LossWeightOptions options) {
  CAPTURE(to_string(classes.shape()));
  CAPTURE(options.num_images);
  for (const LossNormalizer normalizer : kNormalizers) {
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      options.normalizer = normalizer;
      options.dtype = dtype;
      const Tensor expected = Tensor::empty(classes.shape(), dtype), got = expected.empty_like();
      ops::run(cpu_context(), ops::LossWeights{classes, images, expected, options});
      ops::loss_weights_blocks::run(cpu_context(), ops::LossWeights{classes, images, got, options});
      CHECK(expected.to_vector<double>() == got.to_vector<double>());
    }
  }
}

}  // namespace

TEST_CASE("loss_weights: the phases of the GPU give the bits of the CPU's kernel") {
  ops::LossWeightOptions options{.class_begin = 1, .class_end = 4, .rows_per_image = 7};
  for (const int64_t images : {0, 1, 2, 5}) {
    for (const int64_t per_group : {1, 2, 3}) {
      for (const int64_t rows : {0, 1, 255, 1000}) {
        options.num_images = images;
        options.images_per_group = per_group;
        options.total_groups = rows == 255 ? 6 : 0;
        const auto count = static_cast<uint32_t>(images);
        check_same_weights(draw({rows}, 6, 1), draw({rows}, count, 2), options);
        check_same_weights(draw({images, rows}, 6, 3), {}, options);
      }
    }
  }
}
