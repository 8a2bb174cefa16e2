#include "data/coco/training_refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/files/base_name.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"

namespace denovo::data {
namespace {

constexpr int kMinSide = 2;  // of an image, in pixels, beyond which 0..1 is a corner of it

/// True when the numbers of all instances, as `numbers_of` gives them, lie in 0..1 with a fraction
/// among them. Stops at the first that does not, which in sound data is the very first.
template <typename NumbersOf>
bool look_normalised(const CocoDataset& dataset, const NumbersOf& numbers_of) {
  bool fraction = false;
  for (const CocoAnnotation& annotation : dataset.annotations()) {
    const CocoImage& image = dataset.images()[annotation.image];
    if (annotation.crowd || image.width <= kMinSide || image.height <= kMinSide) continue;
    for (const double number : numbers_of(annotation)) {
      if (!(std::fabs(number) <= 1)) return false;
      fraction |= number != std::trunc(number);
    }
  }
  return fraction;
}

std::string normalised_parts(const CocoDataset& dataset, bool masks) {
  const bool boxes =
      look_normalised(dataset, [](const CocoAnnotation& a) { return std::span(a.bbox); });
  const bool polygons = masks && look_normalised(dataset, [&](const CocoAnnotation& a) {
                          return dataset.polygons(a).xy;
                        });
  if (boxes && polygons) return "bbox and segmentation";
  return boxes ? "bbox" : polygons ? "segmentation" : "";
}

bool too_many_dropped(const TrainingView& view, double max_fraction) {
  const int64_t bad = view.num_dropped, all = view.num_instances();
  if (static_cast<double>(bad) <= max_fraction * static_cast<double>(all)) return false;
  const bool handful = bad <= kHandful && 2 * bad <= all;
  return !(handful && max_fraction > 0);
}

/// The key that allows so many, rounded up to three digits; nothing where none would be left.
std::string remedy(const TrainingView& view) {
  if (view.instances.empty()) return "";
  const double share =
      static_cast<double>(view.num_dropped) / static_cast<double>(view.num_instances());
  return fmt::format("; data.max_bad_fraction={} allows it", std::ceil(share * 1000) / 1000);
}

/// Where no box has a pixel. Stops at the first that has, which in sound data is the very first.
std::string without_pixels_text(const CocoDataset& dataset, const TrainingView& view) {
  const CocoAnnotation* largest = nullptr;
  double most = 0;
  for (const int index : view.instances) {
    const CocoAnnotation& annotation = dataset.annotations()[index];
    const double pixels = covered_pixels(dataset, annotation);
    if (pixels >= 1) return "";
    if (largest && pixels <= most) continue;
    largest = &annotation;
    most = pixels;
  }
  const auto [x, y, width, height] = largest->bbox;
  return fmt::format(
      "{}: training needs at least one bbox that covers a pixel of its image, got none in {} "
      "instances; the largest is annotation {}, [{}, {}, {}, {}]",
      base_name(dataset.path()), view.instances.size(), largest->id, x, y, width, height);
}

/// Of the keypoints that categories have, for a model with so many.
std::string keypoint_list_text(const CocoDataset& dataset, int num_keypoints) {
  const auto found = std::ssize(keypoint_names(dataset));
  if (found == 0)
    return fmt::format(
        "{}: no category has keypoints; set model.keypoint.enabled=false to train without",
        base_name(dataset.path()));
  if (std::string text = differing_keypoints_text(dataset); !text.empty()) return text;
  if (std::string text = keypoint_count_text(dataset, num_keypoints); !text.empty())
    return fmt::format("{}; model.keypoint.num_keypoints={} takes them", text, found);
  return "";
}

}  // namespace

std::string normalised_text(const CocoDataset& dataset, bool masks) {
  const std::string parts = normalised_parts(dataset, masks);
  if (parts.empty()) return parts;
  const auto instances = std::count_if(dataset.annotations().begin(), dataset.annotations().end(),
                                       [](const CocoAnnotation& a) { return !a.crowd; });
  return fmt::format(
      "{}: {} must be in pixels, got no number beyond 1 in {} instances; coordinates look "
      "normalised to 0..1",
      base_name(dataset.path()), parts, instances);
}

std::string bad_fraction_rule(double max_bad_fraction) {
  std::string rule =
      fmt::format("at most {:.6g} % of the instances may be degenerate", 100 * max_bad_fraction);
  if (max_bad_fraction > 0 && max_bad_fraction < 0.5)
    rule += fmt::format(" or {} where that is at most half", kHandful);
  return rule;
}

std::string reason_to_refuse(const CocoDataset& dataset, const TrainingView& view,
                             const TrainingFilter& filter) {
  const std::string_view file = base_name(dataset.path());
  const int64_t all = view.num_instances();
  if (const int64_t others = view.num_crowds + view.num_difficult; all == 0 && others > 0)
    return fmt::format(
        "{}: training needs at least one instance, got none: all {} annotations are {}", file,
        others, view.num_difficult > 0 ? "crowds or difficult" : "crowds");
  if (all == 0) return fmt::format("{}: training needs at least one instance, got none", file);
  if (filter.num_keypoints > 0)
    if (std::string text = keypoint_list_text(dataset, filter.num_keypoints); !text.empty())
      return text;
  if (std::string text = normalised_text(dataset, filter.masks); !text.empty()) return text;
  if (too_many_dropped(view, filter.max_bad_fraction))
    return fmt::format("{}: {}, got {} of {}{}{}", file, bad_fraction_rule(filter.max_bad_fraction),
                       view.num_dropped, all, remedy(view), view.example_text());
  if (view.instances.empty() && view.num_unposed > 0)
    return fmt::format(
        "{}: no instance has a labelled keypoint on its image, got {} instances without; set "
        "model.keypoint.enabled=false to train without",
        file, view.num_unposed);
  if (view.instances.empty())
    return fmt::format("{}: training needs at least one instance, got none of {}{}", file, all,
                       view.example_text());
  if (std::string text = without_pixels_text(dataset, view); !text.empty()) return text;
  if (filter.masks && view.num_box_only == static_cast<int64_t>(view.instances.size()))
    return fmt::format(
        "{}: no instance has a segmentation; set model.mask.enabled=false to train boxes only",
        file);
  return "";
}

}  // namespace denovo::data
