#include "apps/bench/synthetic_batch.h"

#include <algorithm>

#include "core/kernels/random.h"

namespace denovo::bench {
namespace {

int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

RandomStream draws_of(const SyntheticBatchOptions& options, uint32_t what, int64_t image) {
  return {options.seed, RandomPurpose::kBenchmark, what, static_cast<uint32_t>(image)};
}

void draw_pixels(const SyntheticBatchOptions& options, data::Batch& batch) {
  const int64_t rows = batch.images.size(1), row_bytes = batch.images.size(2) * 3;
  for (int64_t n = 0; n < options.images; ++n) {
    const RandomStream draws = draws_of(options, 0, n);
    uint8_t* image = batch.images.data<uint8_t>() + n * rows * row_bytes;
    for (int y = 0; y < options.height; ++y) {
      for (int i = 0; i < 3 * options.width; ++i)
        image[y * row_bytes + i] =
            static_cast<uint8_t>(draws.bits(static_cast<uint32_t>(y * 3 * options.width + i)));
    }
  }
}

/// Object g of an image: its box, its class, and the box as a polygon.
void draw_object(const SyntheticBatchOptions& options, int64_t n, int g, data::Batch& batch) {
  const RandomStream draws = draws_of(options, 1, n);
  const auto first = static_cast<uint32_t>(5 * g);
  const int sides[2] = {options.width, options.height};
  float box[4];
  for (uint32_t axis = 0; axis < 2; ++axis) {
    const auto side = static_cast<float>(sides[axis]);
    box[axis] = draws.uniform(first + axis) * side * 0.6f;
    box[2 + axis] = std::min(box[axis] + 16 + draws.uniform(first + 2 + axis) * side * 0.35f, side);
  }
  const int64_t slots = batch.boxes.size(1), vertices = batch.polygon_xy.size(1);
  std::copy_n(box, 4, batch.boxes.data<float>() + (n * slots + g) * 4);
  batch.classes.data<int32_t>()[n * slots + g] =
      static_cast<int32_t>(draws.below(first + 4, static_cast<uint32_t>(options.num_classes)));
  const RandomStream places = draws_of(options, 2, n);
  for (int k = 0; k < options.num_keypoints; ++k) {
    const auto draw = static_cast<uint32_t>(2 * (g * options.num_keypoints + k));
    const float at[3] = {box[0] + places.uniform(draw) * (box[2] - box[0]),
                         box[1] + places.uniform(draw + 1) * (box[3] - box[1]), 2};
    std::copy_n(at, 3,
                batch.keypoints.data<float>() + ((n * slots + g) * options.num_keypoints + k) * 3);
  }
  const float polygon[8] = {box[0], box[1], box[2], box[1], box[2], box[3], box[0], box[3]};
  std::copy_n(polygon, 8, batch.polygon_xy.data<float>() + (n * vertices + 4 * g) * 2);
}

}  // namespace

data::Batch synthetic_batch(const SyntheticBatchOptions& options) {
  const int64_t n = options.images, slots = round_up(std::max(options.objects, 1), 8);
  const int64_t height = round_up(options.height, 32), width = round_up(options.width, 32);
  data::Batch batch;
  batch.images = Tensor::zeros({n, height, width, 3}, DType::kU8);
  batch.image_sizes = Tensor::empty({n, 2}, DType::kI32);
  batch.image_ids = Tensor::empty({n}, DType::kI64);
  batch.transforms = Tensor::empty({n, 5}, DType::kF32);
  batch.boxes = Tensor::zeros({n, slots, 4}, DType::kF32);
  batch.classes = Tensor::full({n, slots}, -1, DType::kI32);
  batch.polygon_xy = Tensor::zeros({n, 4 * slots, 2}, DType::kF32);
  batch.polygon_starts = Tensor::empty({n, slots + 1}, DType::kI32);
  batch.instance_polygons = Tensor::empty({n, slots + 1}, DType::kI32);
  if (options.num_keypoints > 0)
    batch.keypoints = Tensor::zeros({n, slots, options.num_keypoints, 3}, DType::kF32);
  draw_pixels(options, batch);
  for (int64_t i = 0; i < n; ++i) {
    batch.image_sizes.data<int32_t>()[2 * i] = options.height;
    batch.image_sizes.data<int32_t>()[2 * i + 1] = options.width;
    batch.image_ids.data<int64_t>()[i] = i + 1;
    const float transform[5] = {1, 1, 0, 0, 0};
    std::copy_n(transform, 5, batch.transforms.data<float>() + 5 * i);
    for (int64_t g = 0; g <= slots; ++g) {  // one polygon of four vertices per object
      const auto used = static_cast<int32_t>(std::min<int64_t>(g, options.objects));
      batch.polygon_starts.data<int32_t>()[i * (slots + 1) + g] = 4 * used;
      batch.instance_polygons.data<int32_t>()[i * (slots + 1) + g] = used;
    }
    for (int g = 0; g < options.objects; ++g) draw_object(options, i, g, batch);
  }
  batch.original_sizes = batch.image_sizes.clone();
  return batch;
}

}  // namespace denovo::bench
