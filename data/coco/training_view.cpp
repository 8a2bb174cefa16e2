#include "data/coco/training_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/json_lists.h"

namespace denovo::data {
namespace {

constexpr size_t kMaxExamples = 5;

void raise(int& limit, int64_t value) {
  limit = std::max(limit, static_cast<int>(value));
}

void raise_limits(const CocoDataset& dataset, std::span<const int> instances,
                  TrainingLimits& limits) {
  int64_t polygons = 0, vertices = 0, runs = 0;
  for (const int index : instances) {
    const CocoAnnotation& annotation = dataset.annotations()[index];
    int64_t own_vertices = 0;
    for (const uint32_t size : dataset.polygons(annotation).sizes) {
      if (!usable_polygon(size)) continue;
      ++polygons;
      own_vertices += size / 2;
    }
    vertices += own_vertices;
    runs += static_cast<int64_t>(dataset.rle(annotation).counts.size());
    raise(limits.vertices_per_instance, own_vertices);
  }
  raise(limits.instances_per_image, static_cast<int64_t>(instances.size()));
  raise(limits.polygons_per_image, polygons);
  raise(limits.vertices_per_image, vertices);
  raise(limits.runs_per_image, runs);
}

std::string list_examples(const TrainingView& view) {
  std::string text;
  for (const Defect& example : view.examples)
    text += fmt::format("; annotation {}: {}, got {}", example.id, defect_rule(example.kind),
                        example.value);
  return text;
}

}  // namespace

std::string TrainingView::summary() const {
  return fmt::format(
      "{} images with {} instances; left out {} images without instances, {} crowds, "
      "{} degenerate instances{}",
      images.size(), instances.size(), num_empty_images, num_crowds, num_dropped,
      list_examples(*this));
}

TrainingView training_view(const CocoDataset& dataset, const TrainingFilter& filter) {
  TrainingView view;
  view.first_instance.push_back(0);
  std::vector<Defect> found;
  for (size_t image = 0; image < dataset.images().size(); ++image) {
    for (const CocoAnnotation& annotation : dataset.annotations_of(static_cast<int>(image))) {
      if (annotation.crowd) {
        ++view.num_crowds;
        continue;
      }
      found.clear();
      find_annotation_defects(dataset, annotation, {.segmentation = filter.masks, .raster = false},
                              found);
      const auto reason = std::find_if(found.begin(), found.end(), [](const Defect& defect) {
        return drops_instance(defect.kind);
      });
      if (reason == found.end()) {
        view.instances.push_back(static_cast<int>(&annotation - dataset.annotations().data()));
        continue;
      }
      ++view.num_dropped;
      if (view.examples.size() < kMaxExamples) view.examples.push_back(*reason);
    }
    const auto end = static_cast<int64_t>(view.instances.size());
    const bool empty = end == view.first_instance.back();
    view.num_empty_images += empty;
    if (empty && !filter.keep_empty_images) continue;
    view.images.push_back(static_cast<int>(image));
    view.first_instance.push_back(end);
    raise_limits(dataset, view.instances_of(view.images.size() - 1), view.limits);
  }
  const auto total = static_cast<int64_t>(view.instances.size()) + view.num_dropped;
  const std::string_view file = base_name(dataset.path());
  if (static_cast<double>(view.num_dropped) > filter.max_bad_fraction * static_cast<double>(total))
    throw IoError(fmt::format("{}: at most {} % of the instances may be degenerate, got {} of {}{}",
                              file, 100 * filter.max_bad_fraction, view.num_dropped, total,
                              list_examples(view)));
  if (view.instances.empty())
    throw IoError(fmt::format(
        "{}: training needs at least one instance, got {}", file,
        total == 0 && view.num_crowds > 0
            ? fmt::format("none: all {} annotations are crowds (iscrowd 1)", view.num_crowds)
            : "none"));
  return view;
}

}  // namespace denovo::data
