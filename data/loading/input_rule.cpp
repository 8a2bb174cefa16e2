#include "data/loading/input_rule.h"

#include <algorithm>
#include <cmath>

namespace denovo::data {
namespace {

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// np.round.
int rounded(double value) {
  return static_cast<int>(std::nearbyint(value));
}

}  // namespace

ImageTransform evaluation_transform(const InputRule& rule, ImageSize original) {
  return {original, shortest_edge_size(original, rule.short_sides.front(), rule.max_size), false};
}

ImageTransform jittered_transform(const ScaleJitter& jitter, ImageSize original, double scale_draw,
                                  double place_draw) {
  const double scale = jitter.min_scale + (jitter.max_scale - jitter.min_scale) * scale_draw;
  const double side = jitter.side * scale;
  const double fit = std::min(side / original.height, side / original.width);
  const ImageSize resized{std::max(1, rounded(original.height * fit)),
                          std::max(1, rounded(original.width * fit))};
  ImageTransform transform{.original = original, .resized = resized};
  const ImageSize seen{std::min(resized.height, jitter.side), std::min(resized.width, jitter.side)};
  if (seen == resized) return transform;
  transform.crop =
      CropWindow{rounded((resized.height - seen.height) * place_draw),
                 rounded((resized.width - seen.width) * place_draw), seen.height, seen.width};
  return transform;
}

ImageTransform training_transform(const InputRule& rule, ImageSize original, uint64_t seed,
                                  uint32_t epoch, int64_t image_id) {
  const RandomStream stream{seed, RandomPurpose::kAugment, epoch, fold_id(image_id)};
  const bool flipped = rule.flip && stream.uniform(0) < 0.5f;
  if (rule.jitter.side > 0) {
    ImageTransform transform =
        jittered_transform(rule.jitter, original, stream.uniform(2), stream.uniform(3));
    transform.flipped = flipped;
    return transform;
  }
  const uint32_t choice = stream.below(1, static_cast<uint32_t>(rule.short_sides.size()));
  return {original, shortest_edge_size(original, rule.short_sides[choice], rule.max_size), flipped};
}

ImageSize bucket_of(ImageSize input) {
  const bool wide = input.width > input.height;
  return {round_up(input.height, wide ? kInputStride : kLongSideStep),
          round_up(input.width, wide ? kLongSideStep : kInputStride)};
}

ImageSize padded_size(const std::vector<ImageTransform>& transforms, const InputRule& rule) {
  if (rule.jitter.side > 0) return {rule.jitter.side, rule.jitter.side};
  ImageSize largest{0, 0};
  for (const ImageTransform& transform : transforms) {
    const ImageSize size =
        rule.padding == Padding::kBucket ? bucket_of(transform.input()) : transform.input();
    largest = {std::max(largest.height, size.height), std::max(largest.width, size.width)};
  }
  return {round_up(largest.height, kInputStride), round_up(largest.width, kInputStride)};
}

int64_t group_key(const InputRule& rule, ImageSize input) {
  if (rule.jitter.side > 0) return 0;
  if (rule.padding == Padding::kBatch) return input.width > input.height;
  const ImageSize bucket = bucket_of(input);
  return int64_t{bucket.height} << 32 | bucket.width;
}

}  // namespace denovo::data
