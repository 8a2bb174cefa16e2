#include "detection/prediction/post_process.h"

#include <algorithm>
#include <span>

#include "ops/mask_paste/mask_paste.h"

namespace denovo::detection {
namespace {

struct Kept {
  std::vector<float> boxes;    // x0 y0 x1 y1, original pixels
  std::vector<int64_t> slots;  // where in the network's output
};

/// Boxes of the slots of one image with these classes, scaled and clipped; empty ones and those of
/// classes without an id left out.
Kept keep_boxes(const float* boxes, std::span<const int32_t> classes,
                const CategoryIds& category_ids, double scale_x, double scale_y, float width,
                float height) {
  Kept kept;
  for (int i = 0; i < static_cast<int>(classes.size()); ++i) {
    const auto c = static_cast<size_t>(classes[static_cast<size_t>(i)]);
    if (!category_ids[c]) continue;
    const float* b = boxes + 4 * i;
    const float x0 = std::clamp(static_cast<float>(b[0] * scale_x), 0.f, width),
                x1 = std::clamp(static_cast<float>(b[2] * scale_x), 0.f, width);
    const float y0 = std::clamp(static_cast<float>(b[1] * scale_y), 0.f, height),
                y1 = std::clamp(static_cast<float>(b[3] * scale_y), 0.f, height);
    if (!(x1 > x0 && y1 > y0)) continue;
    kept.boxes.insert(kept.boxes.end(), {x0, y0, x1, y1});
    kept.slots.push_back(i);
  }
  return kept;
}

/// Of the slots kept of one image: x, y as indices of pixels, `offset` less than coordinates, and
/// scores. keypoints: [D, J, 3] of the image.
std::vector<double> keep_keypoints(const float* keypoints, int64_t count, const Kept& kept,
                                   double scale_x, double scale_y, double offset) {
  std::vector<double> numbers;
  for (const int64_t slot : kept.slots)
    for (const float* k = keypoints + 3 * count * slot; k < keypoints + 3 * count * (slot + 1);
         k += 3)
      numbers.insert(numbers.end(), {k[0] * scale_x - offset, k[1] * scale_y - offset, k[2]});
  return numbers;
}

}  // namespace

std::vector<ImageDetections> post_process(const Detections& detections, const Tensor& image_sizes,
                                          const Tensor& original_sizes, const Tensor& image_ids,
                                          const CategoryIds& category_ids,
                                          const ModelConfig& config) {
  const int64_t n = detections.boxes.size(0), slots = detections.boxes.size(1);
  const Tensor boxes = detections.boxes.to(kCpu).to(DType::kF32);
  const auto scores = detections.scores.to_vector<float>();
  const auto classes = detections.classes.to_vector<int32_t>(),
             counts = detections.counts.to_vector<int32_t>();
  const auto sizes = image_sizes.to_vector<int32_t>(),
             originals = original_sizes.to_vector<int32_t>();
  const auto ids = image_ids.to_vector<int64_t>();
  const Tensor masks =
      detections.masks.defined() ? detections.masks.to(kCpu).to(DType::kF32) : Tensor();
  const Tensor keypoints =
      detections.keypoints.defined() ? detections.keypoints.to(kCpu).to(DType::kF32) : Tensor();

  std::vector<ImageDetections> images(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    ImageDetections& image = images[static_cast<size_t>(i)];
    const auto at = static_cast<size_t>(i);
    image.image_id = ids[at];
    image.height = originals[2 * at];
    image.width = originals[2 * at + 1];
    const double scale_x = double(image.width) / sizes[2 * at + 1],
                 scale_y = double(image.height) / sizes[2 * at];
    const Kept kept = keep_boxes(
        boxes.data<float>() + i * slots * 4,
        std::span(classes).subspan(static_cast<size_t>(i * slots), static_cast<size_t>(counts[at])),
        category_ids, scale_x, scale_y, static_cast<float>(image.width),
        static_cast<float>(image.height));
    const auto count = static_cast<int64_t>(kept.slots.size());
    if (masks.defined() && count > 0) {
      const Tensor chosen = Tensor::empty({count, masks.size(1), masks.size(2)}, DType::kF32);
      for (int64_t d = 0; d < count; ++d)
        copy(chosen.rows(d, d + 1), masks.rows(i * slots + kept.slots[static_cast<size_t>(d)],
                                               i * slots + kept.slots[static_cast<size_t>(d)] + 1));
      image.masks = ops::paste_masks(chosen, Tensor::from({count, 4}, kept.boxes), image.height,
                                     image.width, config.test.mask_paste);
    }
    size_t numbers = 0;  // of keypoints of a detection
    if (keypoints.defined()) {
      const int64_t num_keypoints = keypoints.size(1);
      numbers = static_cast<size_t>(3 * num_keypoints);
      image.keypoints =
          keep_keypoints(keypoints.data<float>() + i * slots * 3 * num_keypoints, num_keypoints,
                         kept, scale_x, scale_y, config.keypoint.offset());
    }
    for (size_t d = 0; d < kept.slots.size(); ++d) {
      const auto slot = static_cast<size_t>(i * slots + kept.slots[d]);
      const float* b = kept.boxes.data() + 4 * d;
      image.classes.push_back(classes[slot]);
      image.detections.push_back({.image_id = image.image_id,
                                  .category_id = *category_ids[static_cast<size_t>(classes[slot])],
                                  .bbox = {b[0], b[1], double(b[2]) - b[0], double(b[3]) - b[1]},
                                  .score = scores[slot]});
      if (!image.masks.empty()) image.detections.back().mask = image.masks[d];
      image.detections.back().keypoints =
          std::span<const double>(image.keypoints).subspan(d * numbers, numbers);
    }
  }
  return images;
}

}  // namespace denovo::detection
