#include "data/coco/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/raster/polygon.h"
#include "data/coco/json_lists.h"

namespace denovo::data {

int CocoDataset::find_image(int64_t id) const {
  const auto found = std::lower_bound(image_ids_.begin(), image_ids_.end(), id);
  return found != image_ids_.end() && *found == id ? static_cast<int>(found - image_ids_.begin())
                                                   : -1;
}

int CocoDataset::find_category(int64_t id) const {
  const auto found = std::lower_bound(categories_.begin(), categories_.end(), id,
                                      [](const CocoCategory& c, int64_t i) { return c.id < i; });
  return found != categories_.end() && found->id == id
             ? static_cast<int>(found - categories_.begin())
             : -1;
}

PolygonsView CocoDataset::polygons(const CocoAnnotation& annotation) const {
  if (annotation.segmentation != SegmentationKind::kPolygons) return {};
  const SegmentationSlice& slice = annotation.slice;
  const SegmentationBlock& block = *blocks_[slice.block];
  return {std::span(block.xy).subspan(slice.begin, slice.size),
          std::span(block.polygon_sizes).subspan(slice.first_polygon, slice.num_polygons)};
}

RleView CocoDataset::rle(const CocoAnnotation& annotation) const {
  if (annotation.segmentation != SegmentationKind::kRle) return {};
  const SegmentationSlice& slice = annotation.slice;
  return {slice.mask_height, slice.mask_width,
          std::span(blocks_[slice.block]->counts).subspan(slice.begin, slice.size)};
}

const std::string& CocoDataset::broken_rle(const CocoAnnotation& annotation) const {
  return blocks_[annotation.slice.block]->broken.at(annotation.slice.begin);
}

Rle CocoDataset::mask(const CocoAnnotation& annotation) const {
  const CocoImage& image = images_[annotation.image];
  const auto where = [&] {
    return fmt::format("{}: annotation {}: segmentation", base_name(path_), annotation.id);
  };
  switch (annotation.segmentation) {
    case SegmentationKind::kRle: {
      const RleView view = rle(annotation);
      return {view.height, view.width, {view.counts.begin(), view.counts.end()}};
    }
    case SegmentationKind::kBrokenRle:
      throw IoError(fmt::format("{}: {}", where(), broken_rle(annotation)));
    default:
      break;
  }
  try {
    const PolygonsView view = polygons(annotation);
    return rle_from_polygons(view.xy, view.sizes, image.height, image.width);
  } catch (const IoError& error) {
    throw IoError(fmt::format("{}: {}", where(), error.what()));
  }
}

}  // namespace denovo::data
