#include "data/loading/visible_objects.h"

#include <algorithm>
#include <limits>

#include "data/coco/annotation_checks.h"

namespace denovo::data {
namespace {

constexpr double kSmallestSide = 1e-5;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr InputBox kNothing{kInfinity, kInfinity, -kInfinity, -kInfinity};

void include(InputBox& box, double x, double y) {
  box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x), std::max(box[3], y)};
}

void include(InputBox& box, const InputBox& other) {
  if (other[2] < other[0]) return;
  include(box, other[0], other[1]);
  include(box, other[2], other[3]);
}

/// The part of a line from a to a + d, both over [0, 1], that is within [0, limit]; false: none.
bool clip_line(double a, double d, double limit, double& begin, double& end) {
  if (d == 0) return a >= 0 && a <= limit;
  const double first = -a / d, second = (limit - a) / d;
  begin = std::max(begin, std::min(first, second));
  end = std::min(end, std::max(first, second));
  return begin <= end;
}

/// By the even-odd rule.
bool contains(std::span<const double> xy, double x, double y) {
  bool inside = false;
  for (size_t i = 0, j = xy.size() - 2; i < xy.size(); j = i, i += 2) {
    if ((xy[i + 1] > y) == (xy[j + 1] > y)) continue;
    const double crossing = xy[i] + (y - xy[i + 1]) / (xy[j + 1] - xy[i + 1]) * (xy[j] - xy[i]);
    if (x < crossing) inside = !inside;
  }
  return inside;
}

InputBox box_of_polygons(const PolygonsView& polygons, const PointMap& map) {
  InputBox box = kNothing;
  std::vector<double> points;
  size_t first = 0;
  for (const uint32_t size : polygons.sizes) {
    const std::span<const double> xy = polygons.xy.subspan(first, size);
    first += size;
    if (!usable_polygon(size)) continue;
    points.resize(size);
    for (size_t i = 0; i < size; i += 2) {
      points[i] = map.x(xy[i]);
      points[i + 1] = map.y(xy[i + 1]);
    }
    include(box, box_of_clipped_polygon(points, map.width, map.height));
  }
  return box;
}

/// Pixels are squares of the original image.
InputBox box_of_runs(RleView rle, const PointMap& map) {
  const double x0 = map.left / map.scale_x, x1 = (map.left + map.width) / map.scale_x,
               y0 = map.top / map.scale_y, y1 = (map.top + map.height) / map.scale_y;
  InputBox seen = kNothing;  // of the original image
  int64_t begin = 0;
  bool inside = false;
  for (const uint32_t count : rle.counts) {
    const int64_t end = begin + count;
    while (inside && begin < end) {  // a part in one column
      const int64_t column = begin / rle.height, next = std::min(end, (column + 1) * rle.height);
      const auto x = static_cast<double>(column),
                 top = static_cast<double>(begin - column * rle.height),
                 bottom = static_cast<double>(next - column * rle.height);
      if (x + 1 > x0 && x < x1 && bottom > y0 && top < y1) {
        include(seen, std::max(x, x0), std::max(top, y0));
        include(seen, std::min(x + 1, x1), std::min(bottom, y1));
      }
      begin = next;
    }
    begin = end;
    inside = !inside;
  }
  if (seen[2] < seen[0]) return seen;
  InputBox box = kNothing;
  include(box, map.x(seen[0]), map.y(seen[1]));
  include(box, map.x(seen[2]), map.y(seen[3]));
  return box;
}

InputBox cut(const InputBox& box, const PointMap& map) {
  return {std::clamp(box[0], 0.0, map.width), std::clamp(box[1], 0.0, map.height),
          std::clamp(box[2], 0.0, map.width), std::clamp(box[3], 0.0, map.height)};
}

/// What a crop that cuts the box leaves of it.
InputBox visible_box(const CocoDataset& dataset, const CocoAnnotation& annotation,
                     const InputBox& whole, const PointMap& map, bool masks) {
  if (masks && annotation.segmentation == SegmentationKind::kPolygons)
    return box_of_polygons(dataset.polygons(annotation), map);
  if (masks && annotation.segmentation == SegmentationKind::kRle)
    return box_of_runs(dataset.rle(annotation), map);
  return whole;
}

}  // namespace

InputBox box_of_clipped_polygon(std::span<const double> xy, double width, double height) {
  // The outline of what is left runs along parts of the polygon's sides and of the rectangle's; the
  // latter end at the former, or at corners that lie in the polygon.
  InputBox box = kNothing;
  for (size_t i = 0, j = xy.size() - 2; i < xy.size(); j = i, i += 2) {
    const double x = xy[j], y = xy[j + 1], dx = xy[i] - x, dy = xy[i + 1] - y;
    double begin = 0, end = 1;
    if (!clip_line(x, dx, width, begin, end) || !clip_line(y, dy, height, begin, end)) continue;
    include(box, x + begin * dx, y + begin * dy);
    include(box, x + end * dx, y + end * dy);
  }
  for (const double x : {0.0, width})
    for (const double y : {0.0, height})
      if (contains(xy, x, y)) include(box, x, y);
  return box;
}

std::vector<VisibleObject> visible_objects(const CocoDataset& dataset,
                                           std::span<const int> instances, const PointMap& map,
                                           bool masks) {
  std::vector<VisibleObject> objects;
  for (const int instance : instances) {
    const CocoAnnotation& annotation = dataset.annotations()[static_cast<size_t>(instance)];
    const auto& bbox = annotation.bbox;
    const double a = map.x(bbox[0]), b = map.x(bbox[0] + bbox[2]);
    InputBox box{std::min(a, b), map.y(bbox[1]), std::max(a, b), map.y(bbox[1] + bbox[3])};
    if (map.crops) {
      const bool is_whole = map.sees(box[0], box[1]) && map.sees(box[2], box[3]);
      if (!is_whole) box = visible_box(dataset, annotation, box, map, masks);
      if (box[2] < box[0]) continue;
    }
    box = cut(box, map);
    if (map.crops && !(box[2] - box[0] > kSmallestSide && box[3] - box[1] > kSmallestSide))
      continue;
    objects.push_back({instance, box});
  }
  return objects;
}

}  // namespace denovo::data
