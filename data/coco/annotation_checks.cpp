#include "data/coco/annotation_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/raster/polygon.h"
#include "data/coco/json_lists.h"

namespace denovo::data {
namespace {

constexpr double kAreaTolerance = 0.1;

class Finder {
 public:
  Finder(const CocoDataset& dataset, const CocoAnnotation& annotation, std::vector<Defect>& defects)
      : dataset_(dataset),
        annotation_(annotation),
        image_(dataset.images()[annotation.image]),
        defects_(defects) {}

  void check_box() {
    const auto [x, y, w, h] = annotation_.bbox;
    const std::string value = fmt::format("[{}, {}, {}, {}]", x, y, w, h);
    if (!(w > 0 && h > 0)) return report(DefectKind::kEmptyBox, value);
    if (w <= 1 || h <= 1) report(DefectKind::kTinyBox, value);
    if (image_.width == 0 || image_.height == 0) return;
    const std::string on = fmt::format("{} on {} x {}", value, image_.width, image_.height);
    if (x >= image_.width || y >= image_.height || x + w <= 0 || y + h <= 0)
      report(DefectKind::kBoxOutside, on);
    else if (x < 0 || y < 0 || x + w > image_.width || y + h > image_.height)
      report(DefectKind::kBoxClipped, on);
  }

  void check_segmentation(bool raster) {
    switch (annotation_.segmentation) {
      case SegmentationKind::kNone:
        return report(DefectKind::kEmptySegmentation, "none");
      case SegmentationKind::kBrokenRle:
        return report(DefectKind::kMaskSize,
                      fmt::format("broken run lengths ({})", dataset_.broken_rle(annotation_)));
      case SegmentationKind::kRle:
        return check_rle(raster);
      case SegmentationKind::kPolygons:
        return check_polygons(raster);
    }
  }

  void check_id() {
    if (annotation_.id == 0) report(DefectKind::kIdZero, "0");
    if (annotation_.crowd && annotation_.segmentation == SegmentationKind::kPolygons)
      report(DefectKind::kCrowdPolygon, "polygons");
  }

 private:
  void report(DefectKind kind, std::string value) {
    defects_.push_back(
        {kind, std::string(base_name(dataset_.path())), annotation_.id, std::move(value)});
  }

  void check_rle(bool raster) {
    const RleView rle = dataset_.rle(annotation_);
    if (rle.height != image_.height || rle.width != image_.width)
      return report(DefectKind::kMaskSize,
                    fmt::format("a mask of {} x {} on an image of {} x {} (height x width)",
                                rle.height, rle.width, image_.height, image_.width));
    check_area(rle_area(rle), raster);
  }

  void check_polygons(bool raster) {
    const PolygonsView polygons = dataset_.polygons(annotation_);
    int num_usable = 0;
    for (const uint32_t size : polygons.sizes) {
      num_usable += usable_polygon(size);
      if (size < 6) report(DefectKind::kShortPolygon, fmt::format("{} numbers", size));
      if (size % 2 != 0) report(DefectKind::kOddPolygon, fmt::format("{} numbers", size));
    }
    if (num_usable == 0) return report(DefectKind::kEmptySegmentation, "no usable polygon");
    for (const double c : polygons.xy)
      if (std::fabs(c) > kMaxPolygonCoordinate)
        return report(DefectKind::kMaskSize, fmt::format("coordinate {}", c));
    if (!raster || image_.width == 0 || image_.height == 0) return;
    try {
      check_area(rle_area(dataset_.mask(annotation_)), raster);
    } catch (const IoError& error) {
      report(DefectKind::kMaskSize, error.what());
    }
  }

  void check_area(int64_t mask_area, bool raster) {
    if (mask_area == 0) return report(DefectKind::kEmptySegmentation, "a mask without pixels");
    if (!raster) return;
    const double difference = std::fabs(annotation_.area - static_cast<double>(mask_area));
    if (difference > kAreaTolerance * static_cast<double>(mask_area))
      report(DefectKind::kAreaDisagrees,
             fmt::format("{} for a mask of {} pixels", annotation_.area, mask_area));
  }

  const CocoDataset& dataset_;
  const CocoAnnotation& annotation_;
  const CocoImage& image_;
  std::vector<Defect>& defects_;
};

}  // namespace

bool has_segmentations(const CocoDataset& dataset) {
  return std::any_of(
      dataset.annotations().begin(), dataset.annotations().end(),
      [](const CocoAnnotation& a) { return a.segmentation != SegmentationKind::kNone; });
}

void find_annotation_defects(const CocoDataset& dataset, const CocoAnnotation& annotation,
                             AnnotationChecks checks, std::vector<Defect>& defects) {
  Finder finder(dataset, annotation, defects);
  finder.check_box();
  if (checks.segmentation) finder.check_segmentation(checks.raster);
  finder.check_id();
}

bool drops_instance(DefectKind kind) {
  return kind == DefectKind::kEmptyBox || kind == DefectKind::kBoxOutside ||
         kind == DefectKind::kEmptySegmentation || kind == DefectKind::kMaskSize;
}

}  // namespace denovo::data
