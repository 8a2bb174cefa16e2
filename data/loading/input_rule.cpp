#include "data/loading/input_rule.h"

#include <algorithm>

namespace denovo::data {
namespace {

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

ImageTransform evaluation_transform(const InputRule& rule, ImageSize original) {
  return {original, shortest_edge_size(original, rule.short_sides.front(), rule.max_size), false};
}

ImageTransform training_transform(const InputRule& rule, ImageSize original, uint64_t seed,
                                  uint32_t epoch, int64_t image_id) {
  const RandomStream stream{seed, RandomPurpose::kAugment, epoch, fold_id(image_id)};
  const uint32_t choice = stream.below(1, static_cast<uint32_t>(rule.short_sides.size()));
  return {original, shortest_edge_size(original, rule.short_sides[choice], rule.max_size),
          rule.flip && stream.uniform(0) < 0.5f};
}

ImageSize bucket_of(ImageSize resized) {
  const bool wide = resized.width > resized.height;
  return {round_up(resized.height, wide ? kInputStride : kLongSideStep),
          round_up(resized.width, wide ? kLongSideStep : kInputStride)};
}

ImageSize padded_size(const std::vector<ImageTransform>& transforms, Padding padding) {
  ImageSize largest{0, 0};
  for (const ImageTransform& transform : transforms) {
    const ImageSize size =
        padding == Padding::kBucket ? bucket_of(transform.resized) : transform.resized;
    largest = {std::max(largest.height, size.height), std::max(largest.width, size.width)};
  }
  return {round_up(largest.height, kInputStride), round_up(largest.width, kInputStride)};
}

int64_t group_key(const InputRule& rule, ImageSize resized) {
  if (rule.padding == Padding::kBatch) return resized.width > resized.height;
  const ImageSize bucket = bucket_of(resized);
  return int64_t{bucket.height} << 32 | bucket.width;
}

}  // namespace denovo::data
