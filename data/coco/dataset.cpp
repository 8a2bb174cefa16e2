#include "data/coco/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/files/base_name.h"
#include "core/raster/polygon.h"

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
  if (!image.has_size && annotation.segmentation == SegmentationKind::kPolygons)
    throw IoError(fmt::format("{}: polygons are drawn on image {}, whose {} missing", where(),
                              image.id,
                              image.height > 0  ? "width is"
                              : image.width > 0 ? "height is"
                                                : "width and height are"));
  try {
    const PolygonsView view = polygons(annotation);
    return rle_from_polygons(view.xy, view.sizes, image.height, image.width);
  } catch (const IoError& error) {
    throw IoError(fmt::format("{}: {}", where(), error.what()));
  }
}

void CocoDataset::keep_categories(const std::vector<bool>& kept) {
  std::vector<int> new_class(kept.size(), -1), new_index(annotations_.size(), -1);
  std::vector<CocoCategory> categories;
  for (size_t c = 0; c < kept.size(); ++c) {
    if (!kept[c]) continue;
    new_class[c] = static_cast<int>(categories.size());
    categories.push_back(std::move(categories_[c]));
  }
  categories_ = std::move(categories);
  size_t count = 0;
  for (size_t image = 0; image < images_.size(); ++image) {
    const auto begin = static_cast<size_t>(first_annotation_[image]),
               end = static_cast<size_t>(first_annotation_[image + 1]);
    first_annotation_[image] = static_cast<int64_t>(count);
    for (size_t i = begin; i < end; ++i) {
      CocoAnnotation& annotation = annotations_[i];
      annotation.category = new_class[static_cast<size_t>(annotation.category)];
      if (annotation.category < 0) continue;
      new_index[i] = static_cast<int>(count);
      annotations_[count++] = annotation;
    }
    if (image + 1 == images_.size()) first_annotation_[image + 1] = static_cast<int64_t>(count);
  }
  annotations_.resize(count);
  keep_replaced(new_index);
}

void CocoDataset::keep_replaced(const std::vector<int>& new_index) {
  const auto moved = [&](int index) {
    return index < 0 ? index : new_index[static_cast<size_t>(index)];
  };
  // They stand in file order: where the last of an id has gone, the last that stayed takes over.
  std::vector<ReplacedAnnotation> replaced;
  std::map<int64_t, int> last_of_id;
  for (const ReplacedAnnotation& entry : replaced_) {
    if (moved(entry.index) < 0) continue;
    const bool last_stays = entry.last_index < 0 || moved(entry.last_index) >= 0;
    replaced.push_back({moved(entry.index), moved(entry.last_index)});
    if (!last_stays)
      last_of_id[annotations_[static_cast<size_t>(moved(entry.index))].id] = moved(entry.index);
  }
  for (ReplacedAnnotation& entry : replaced) {
    const auto last = last_of_id.find(annotations_[static_cast<size_t>(entry.index)].id);
    if (last != last_of_id.end()) entry.last_index = last->second;
  }
  std::erase_if(replaced, [](const auto& entry) { return entry.index == entry.last_index; });
  replaced_ = std::move(replaced);
}

}  // namespace denovo::data
