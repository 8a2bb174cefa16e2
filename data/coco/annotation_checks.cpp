#include "data/coco/annotation_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files/base_name.h"
#include "core/raster/polygon.h"
#include "data/coco/keypoints.h"

namespace denovo::data {
namespace {

constexpr double kAreaTolerance = 0.1;
// Overlap (IoU) of bbox with the box of the mask from which on they are of one object.
constexpr double kMinBoxOverlap = 0.5;
// Of the part of a box on the image, in pixels. In f32 a coordinate of 1333 has steps of 1e-4; a
// box that shrinks to none with its image would give an infinite regression target.
constexpr double kMinVisible = 0.01;

struct Extent {
  double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

  double width() const { return x1 - x0; }
  double height() const { return y1 - y0; }
  double area() const { return std::max(0.0, width()) * std::max(0.0, height()); }
  void add(double x, double y) {
    x0 = std::min(x0, x), y0 = std::min(y0, y);
    x1 = std::max(x1, x), y1 = std::max(y1, y);
  }
  Extent intersect(const Extent& other) const {
    return {std::max(x0, other.x0), std::max(y0, other.y0), std::min(x1, other.x1),
            std::min(y1, other.y1)};
  }
};

class Finder {
 public:
  Finder(const CocoDataset& dataset, const CocoAnnotation& annotation, std::vector<Defect>& defects)
      : dataset_(dataset),
        annotation_(annotation),
        image_(dataset.images()[annotation.image]),
        has_size_(image_.has_size && image_.width > 0 && image_.height > 0),
        on_image_{0, 0, static_cast<double>(image_.width), static_cast<double>(image_.height)},
        defects_(defects) {}

  InstanceUse judge(bool masks) {
    const size_t before = defects_.size();
    judge_box();
    if (masks) judge_segmentation();
    judge_keypoints();
    if (defects_.size() > before) return InstanceUse::kDropped;
    return masks && !has_segmentation() ? InstanceUse::kBoxOnly : InstanceUse::kWhole;
  }

  double covered_pixels() const { return (has_size_ ? box().intersect(on_image_) : box()).area(); }

  void remark(bool masks) {
    const auto [x, y, w, h] = annotation_.bbox;
    if (w > 0 && h > 0 && (w <= 1 || h <= 1)) report(DefectKind::kTinyBox, box_text());
    const Extent visible = box().intersect(on_image_);
    if (has_size_ && visible.width() > 0 && visible.height() > 0 &&
        (x < 0 || y < 0 || x + w > image_.width || y + h > image_.height))
      report(DefectKind::kBoxClipped, box_on_image_text());
    if (masks) remark_segmentation();
    remark_keypoints();
    if (annotation_.id == 0) report(DefectKind::kIdZero, "0");
    if (annotation_.crowd && annotation_.segmentation == SegmentationKind::kPolygons)
      report(DefectKind::kCrowdPolygon, "polygons");
  }

 private:
  void report(DefectKind kind, std::string value) {
    defects_.push_back(
        {kind, std::string(base_name(dataset_.path())), annotation_.id, std::move(value)});
  }

  Extent box() const {
    const auto [x, y, w, h] = annotation_.bbox;
    return {x, y, x + w, y + h};
  }
  std::string box_text() const {
    const auto [x, y, w, h] = annotation_.bbox;
    return fmt::format("[{}, {}, {}, {}]", x, y, w, h);
  }
  std::string box_on_image_text() const {
    return fmt::format("{} on {} x {}", box_text(), image_.width, image_.height);
  }

  void judge_box() {
    const double w = annotation_.bbox[2], h = annotation_.bbox[3];
    if (!(w > 0 && h > 0)) return report(DefectKind::kEmptyBox, box_text());
    if (!(w >= kMinVisible && h >= kMinVisible))
      return report(DefectKind::kEmptyBox,
                    fmt::format("{}, less than {} pixels", box_text(), kMinVisible));
    if (!has_size_) return;
    const Extent visible = box().intersect(on_image_);
    if (!(visible.width() >= kMinVisible && visible.height() >= kMinVisible))
      report(DefectKind::kBoxOutside, box_on_image_text());
  }

  /// False for none, null, [] and [[]].
  bool has_segmentation() const {
    if (annotation_.segmentation == SegmentationKind::kPolygons)
      return !dataset_.polygons(annotation_).xy.empty();
    return annotation_.segmentation != SegmentationKind::kNone;
  }

  void judge_segmentation() {
    if (!has_segmentation()) return;
    switch (annotation_.segmentation) {
      case SegmentationKind::kNone:
        return;
      case SegmentationKind::kBrokenRle:
        return report(DefectKind::kMaskSize,
                      fmt::format("broken run lengths ({})", dataset_.broken_rle(annotation_)));
      case SegmentationKind::kRle:
        return judge_rle();
      case SegmentationKind::kPolygons:
        return judge_polygons();
    }
  }

  void judge_rle() {
    const RleView rle = dataset_.rle(annotation_);
    if (has_size_ && (rle.height != image_.height || rle.width != image_.width))
      return report(DefectKind::kMaskSize,
                    fmt::format("a mask of {} x {} on an image of {} x {} (height x width)",
                                rle.height, rle.width, image_.height, image_.width));
    if (rle_area(rle) == 0) report(DefectKind::kEmptySegmentation, "a mask without pixels");
  }

  void judge_polygons() {
    if (int64_t{image_.height} * image_.width > kMaxMaskPixels ||
        std::max(image_.height, image_.width) > kMaxMaskSide)
      return report(DefectKind::kMaskSize,
                    fmt::format("polygons on an image of {} x {}", image_.width, image_.height));
    for (const double c : dataset_.polygons(annotation_).xy)
      if (!(std::fabs(c) <= kMaxPolygonCoordinate))
        return report(DefectKind::kMaskSize, fmt::format("coordinate {}", c));
    bool any_usable = false, any_on_image = false;
    for_each_usable_polygon([&](const Extent& extent) {
      const Extent visible = extent.intersect(on_image_);
      any_usable = true;
      any_on_image |= extent.width() > 0 && extent.height() > 0 &&
                      (!has_size_ || (visible.width() > 0 && visible.height() > 0));
    });
    if (!any_usable) return report(DefectKind::kEmptySegmentation, "no usable polygon");
    if (!any_on_image)
      report(DefectKind::kEmptySegmentation,
             has_size_
                 ? fmt::format("polygons without extent on {} x {}", image_.width, image_.height)
                 : "polygons without extent");
  }

  /// Of the first that is neither 0, 1 nor 2.
  void judge_keypoints() {
    const std::span<const double> keypoints = dataset_.keypoints(annotation_);
    for (size_t i = 0; i < keypoints.size(); i += 3) {
      const double v = keypoints[i + 2];
      if (v == 0 || v == 1 || v == 2) continue;
      return report(DefectKind::kKeypointVisibility,
                    fmt::format("{} for {}", v, keypoint_text(i / 3)));
    }
  }

  /// Its name, or where it stands.
  std::string keypoint_text(size_t k) const {
    const auto& names = dataset_.categories()[static_cast<size_t>(annotation_.category)].keypoints;
    return k < names.size() ? names[k] : fmt::format("keypoint {}", k + 1);
  }

  void remark_keypoints() {
    const std::span<const double> keypoints = dataset_.keypoints(annotation_);
    if (keypoints.empty()) return;
    if (const int labelled = count_labelled(keypoints); annotation_.num_keypoints != labelled)
      report(DefectKind::kNumKeypoints,
             fmt::format("{} for {}", annotation_.num_keypoints, labelled));
    for (size_t i = 0; i < keypoints.size(); i += 3) {
      const auto keypoint = keypoints.subspan(i).first<3>();
      if (!(keypoint[2] > 0) || usable_keypoint(image_, keypoint)) continue;
      return report(DefectKind::kKeypointOutside,
                    fmt::format("{} at ({}, {}) on {} x {}", keypoint_text(i / 3), keypoint[0],
                                keypoint[1], image_.width, image_.height));
    }
  }

  template <typename Visit>
  void for_each_usable_polygon(const Visit& visit) const {
    const PolygonsView polygons = dataset_.polygons(annotation_);
    size_t first = 0;
    for (const uint32_t size : polygons.sizes) {
      const std::span<const double> xy = polygons.xy.subspan(first, size);
      first += size;
      if (!usable_polygon(size)) continue;
      Extent extent;
      for (size_t i = 0; i < size; i += 2) extent.add(xy[i], xy[i + 1]);
      visit(extent);
    }
  }

  void remark_segmentation() {
    if (!has_segmentation()) {
      if (!annotation_.crowd) report(DefectKind::kNoSegmentation, "none");
      return;
    }
    if (annotation_.segmentation == SegmentationKind::kPolygons)
      for (const uint32_t size : dataset_.polygons(annotation_).sizes) {
        if (size < 6) report(DefectKind::kShortPolygon, fmt::format("{} numbers", size));
        if (size % 2 != 0) report(DefectKind::kOddPolygon, fmt::format("{} numbers", size));
      }
    std::vector<Defect> reasons;
    const bool usable = Finder(dataset_, annotation_, reasons).judge(true) == InstanceUse::kWhole;
    if (!usable || !has_size_) return;
    remark_area();
    if (!annotation_.crowd) remark_box_of_mask();
  }

  void remark_area() {
    const int64_t mask_area = rle_area(dataset_.mask(annotation_));
    if (mask_area == 0) return report(DefectKind::kThinMask, "a mask without pixels");
    const double difference = std::fabs(annotation_.area - static_cast<double>(mask_area));
    if (difference > kAreaTolerance * static_cast<double>(mask_area))
      report(DefectKind::kAreaDisagrees,
             fmt::format("{} for a mask of {} pixels", annotation_.area, mask_area));
  }

  /// A side that is less than a pixel off is rounding, however small the object.
  void remark_box_of_mask() {
    Extent mask;
    if (annotation_.segmentation == SegmentationKind::kRle) {
      const RleBox rle = rle_bounding_box(dataset_.rle(annotation_));
      mask = {rle.x, rle.y, rle.x + rle.width, rle.y + rle.height};
    }
    for_each_usable_polygon([&](const Extent& extent) {
      mask.add(extent.x0, extent.y0);
      mask.add(extent.x1, extent.y1);
    });
    mask = mask.intersect(on_image_);
    const Extent given = box().intersect(on_image_);
    const double both = given.intersect(mask).area();
    const double overlap = both / (given.area() + mask.area() - both);
    const double off = std::max({std::fabs(given.x0 - mask.x0), std::fabs(given.y0 - mask.y0),
                                 std::fabs(given.x1 - mask.x1), std::fabs(given.y1 - mask.y1)});
    if (off > 1 && !(overlap >= kMinBoxOverlap))
      report(DefectKind::kBoxOffMask,
             fmt::format("{} for a mask in [{:.6g}, {:.6g}, {:.6g}, {:.6g}]", box_text(), mask.x0,
                         mask.y0, mask.width(), mask.height()));
  }

  const CocoDataset& dataset_;
  const CocoAnnotation& annotation_;
  const CocoImage& image_;
  const bool has_size_;  // the file says it
  const Extent on_image_;
  std::vector<Defect>& defects_;
};

}  // namespace

bool has_segmentations(const CocoDataset& dataset) {
  return std::any_of(
      dataset.annotations().begin(), dataset.annotations().end(),
      [](const CocoAnnotation& a) { return a.segmentation != SegmentationKind::kNone; });
}

InstanceUse judge_instance(const CocoDataset& dataset, const CocoAnnotation& annotation, bool masks,
                           std::vector<Defect>& reasons) {
  return Finder(dataset, annotation, reasons).judge(masks);
}

double covered_pixels(const CocoDataset& dataset, const CocoAnnotation& annotation) {
  std::vector<Defect> none;
  return Finder(dataset, annotation, none).covered_pixels();
}

void find_remarks(const CocoDataset& dataset, const CocoAnnotation& annotation, bool masks,
                  std::vector<Defect>& remarks) {
  Finder(dataset, annotation, remarks).remark(masks);
}

void require_drawable_masks(const CocoDataset& dataset) {
  std::vector<Defect> reasons;
  for (const CocoAnnotation& annotation : dataset.annotations()) {
    reasons.clear();
    judge_instance(dataset, annotation, true, reasons);
    for (const Defect& reason : reasons)
      if (reason.kind == DefectKind::kMaskSize) throw IoError(describe(reason));
  }
}

std::string missing_masks_text(const CocoDataset& dataset) {
  int64_t objects = 0, without = 0;
  for (const CocoAnnotation& annotation : dataset.annotations()) {
    if (annotation.crowd) continue;
    ++objects;
    without += annotation.segmentation == SegmentationKind::kNone;
  }
  if (without == 0 || without == objects) return {};
  return fmt::format("{}: {} of {} objects have no segmentation and count as missed in the mask AP",
                     base_name(dataset.path()), without, objects);
}

}  // namespace denovo::data
