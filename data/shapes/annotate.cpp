#include "data/shapes/annotate.h"

#include <algorithm>
#include <cmath>

#include "data/shapes/corners.h"
#include "data/shapes/trace.h"

namespace denovo::data {
namespace {

constexpr size_t kMinPartPixels = 8;

/// Clears the edge-connected parts of the mask that are smaller than kMinPartPixels.
void remove_specks(std::vector<uint8_t>& mask, int height, int width) {
  std::vector<uint8_t> seen(mask.size(), 0);
  std::vector<size_t> part;
  for (size_t start = 0; start < mask.size(); ++start) {
    if (!mask[start] || seen[start]) continue;
    part.assign(1, start);
    seen[start] = 1;
    const auto visit = [&](bool exists, size_t pixel) {
      if (!exists || !mask[pixel] || seen[pixel]) return;
      seen[pixel] = 1;
      part.push_back(pixel);
    };
    for (size_t i = 0; i < part.size(); ++i) {
      const size_t pixel = part[i];
      const int y = static_cast<int>(pixel / width), x = static_cast<int>(pixel % width);
      visit(x > 0, pixel - 1);
      visit(x + 1 < width, pixel + 1);
      visit(y > 0, pixel - width);
      visit(y + 1 < height, pixel + width);
    }
    if (part.size() >= kMinPartPixels) continue;
    for (const size_t pixel : part) mask[pixel] = 0;
  }
}

/// The corners of instance i: visible where the instance shows just inside of them, else labelled
/// as hidden. Missing are those off the image, and those farther than kBeyond from the box of what
/// shows: nobody could tell where they are.
std::vector<double> corner_keypoints(const Scene& scene, const Rendering& rendering, int instance,
                                     const std::array<int, 4>& bbox) {
  constexpr float kInside = 0.9f;  // of the way from the figure's centre
  constexpr float kBeyond = 3;     // pixels; sharp corners end in less than half a pixel
  std::vector<double> keypoints(3 * kCornerNames.size());
  if (scene.instances[static_cast<size_t>(instance)].is_crowd) return keypoints;
  const auto of_instance = std::find_if(scene.figures.begin(), scene.figures.end(),
                                        [&](const auto& f) { return f.instance == instance; });
  const Figure& figure = of_instance->figure;
  const auto on_image = [&](const CornerPoint& point) {
    return point.x >= 0 && point.y >= 0 && point.x < static_cast<float>(scene.width) &&
           point.y < static_cast<float>(scene.height);
  };
  for (const Corner& corner : corners_of(figure.outline)) {
    const CornerPoint point = place_of(figure, corner);
    if (!on_image(point)) continue;
    const CornerPoint inner =
        place_of(figure, {corner.name, kInside * corner.u, kInside * corner.v});
    const size_t pixel = static_cast<size_t>(inner.y) * static_cast<size_t>(scene.width) +
                         static_cast<size_t>(inner.x);
    const bool shows = on_image(inner) && rendering.owner[pixel] == instance;
    const bool near_box = point.x >= static_cast<float>(bbox[0]) - kBeyond &&
                          point.x <= static_cast<float>(bbox[0] + bbox[2]) + kBeyond &&
                          point.y >= static_cast<float>(bbox[1]) - kBeyond &&
                          point.y <= static_cast<float>(bbox[1] + bbox[3]) + kBeyond;
    if (!near_box) continue;
    // COCO's coordinates are 0 at the centre of the first pixel.
    const auto coordinate = [](float at) { return std::round(100 * (at - 0.5)) / 100; };
    double* keypoint = keypoints.data() + 3 * corner.name;
    keypoint[0] = coordinate(point.x);
    keypoint[1] = coordinate(point.y);
    keypoint[2] = shows ? 2 : 1;
  }
  return keypoints;
}

}  // namespace

std::vector<ShapeAnnotation> annotate(const Scene& scene, const Rendering& rendering) {
  std::vector<ShapeAnnotation> annotations;
  std::vector<uint8_t> mask(rendering.owner.size());
  for (size_t i = 0; i < scene.instances.size(); ++i) {
    for (size_t p = 0; p < mask.size(); ++p) mask[p] = rendering.owner[p] == static_cast<int>(i);
    remove_specks(mask, scene.height, scene.width);
    ShapeAnnotation annotation;
    annotation.class_index = scene.instances[i].class_index;
    annotation.is_crowd = scene.instances[i].is_crowd;
    int x0 = scene.width, y0 = scene.height, x1 = 0, y1 = 0;
    for (size_t p = 0; p < mask.size(); ++p) {
      if (!mask[p]) continue;
      const int y = static_cast<int>(p) / scene.width, x = static_cast<int>(p) % scene.width;
      x0 = std::min(x0, x);
      x1 = std::max(x1, x + 1);
      y0 = std::min(y0, y);
      y1 = std::max(y1, y + 1);
      ++annotation.area;
    }
    if (annotation.area == 0) continue;
    annotation.bbox = {x0, y0, x1 - x0, y1 - y0};
    if (annotation.is_crowd) {
      annotation.rle = rle_encode(mask.data(), scene.height, scene.width, MaskOrder::kRowMajor);
    } else {
      annotation.polygons = trace_polygons({mask.data(), scene.height, scene.width});
    }
    annotation.keypoints = corner_keypoints(scene, rendering, static_cast<int>(i), annotation.bbox);
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

}  // namespace denovo::data
