#include "apps/bench/fixed_proposals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/kernels/random.h"

namespace denovo::bench {
namespace {

using Box = std::array<float, 4>;

float area(const Box& box) {
  return std::max(box[2] - box[0], 0.f) * std::max(box[3] - box[1], 0.f);
}

float iou(const Box& a, const Box& b) {
  const Box common{std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]),
                   std::min(a[3], b[3])};
  const float shared = area(common);
  return shared / (area(a) + area(b) - shared);
}

/// Draws boxes of one image, one index after the other.
class BoxDrawer {
 public:
  BoxDrawer(uint64_t seed, int64_t image, float height, float width)
      : draws_{seed, RandomPurpose::kBenchmark, 2, static_cast<uint32_t>(image)},
        sides_{width, height} {}

  Box moved(const Box& object) {
    Box box;
    for (size_t axis = 0; axis < 2; ++axis) {
      const float shift = (next() - 0.5f) * 0.2f * (object[axis + 2] - object[axis]);
      box[axis] = std::max(object[axis] + shift, 0.f);
      box[axis + 2] = std::min(object[axis + 2] + shift, sides_[axis]);
    }
    return box;
  }

  /// Sides from 16 pixels to half the image, all orders of magnitude alike.
  Box background(std::span<const Box> objects) {
    while (true) {
      Box box;
      for (size_t axis = 0; axis < 2; ++axis) {
        const float side = 16 * std::pow(std::max(sides_[axis] / 32, 1.f), next());
        box[axis] = next() * std::max(sides_[axis] - side, 0.f);
        box[axis + 2] = std::min(box[axis] + side, sides_[axis]);
      }
      const auto far = [&](const Box& object) { return iou(box, object) < 0.45f; };
      if (std::all_of(objects.begin(), objects.end(), far)) return box;
    }
  }

 private:
  float next() { return draws_.uniform(index_++); }

  RandomStream draws_;
  float sides_[2];
  uint32_t index_ = 0;
};

std::vector<Box> objects_of(const data::Batch& batch, int64_t image) {
  const int64_t slots = batch.boxes.size(1);
  std::vector<Box> objects;
  for (int64_t g = 0; g < slots && batch.classes.data<int32_t>()[image * slots + g] >= 0; ++g) {
    Box& box = objects.emplace_back();
    std::copy_n(batch.boxes.data<float>() + (image * slots + g) * 4, 4, box.begin());
  }
  return objects;
}

}  // namespace

detection::Proposals fixed_proposals(const data::Batch& batch, std::span<const int> foreground,
                                     int64_t slots, uint64_t seed) {
  const int64_t images = batch.count();
  if (static_cast<int64_t>(foreground.size()) != images) {
    throw ConfigError(fmt::format("foreground: must be one count for each of the {} images, got {}",
                                  images, foreground.size()));
  }
  const Tensor boxes = Tensor::empty({images, slots, 4}, DType::kF32);
  float* out = boxes.data<float>();
  for (int64_t n = 0; n < images; ++n) {
    const std::vector<Box> objects = objects_of(batch, n);
    const auto num_objects = static_cast<int64_t>(objects.size());
    const int64_t moved = foreground[static_cast<size_t>(n)] - num_objects;
    if (moved < 0 || moved > slots || (num_objects == 0 && moved > 0)) {
      throw ConfigError(fmt::format(
          "foreground: must be between the {} objects of an image, each a foreground RoI itself, "
          "and {}, got {}",
          num_objects, num_objects == 0 ? 0 : slots + num_objects, num_objects + moved));
    }
    const int32_t* size = batch.image_sizes.data<int32_t>() + 2 * n;
    BoxDrawer drawer(seed, n, static_cast<float>(size[0]), static_cast<float>(size[1]));
    for (int64_t i = 0; i < slots; ++i, out += 4) {
      const Box box = i < moved ? drawer.moved(objects[static_cast<size_t>(i % num_objects)])
                                : drawer.background(objects);
      std::copy(box.begin(), box.end(), out);
    }
  }
  return {boxes, Tensor::zeros({images, slots}, DType::kF32),
          Tensor::full({images}, static_cast<double>(slots), DType::kI32)};
}

}  // namespace denovo::bench
