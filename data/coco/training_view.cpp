#include "data/coco/training_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/coco/subset.h"
#include "data/coco/training_refusal.h"

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
    for (const uint32_t size : dataset.polygons(annotation).sizes) {
      if (!usable_polygon(size)) continue;
      ++polygons;
      vertices += size / 2;
    }
    runs += static_cast<int64_t>(dataset.rle(annotation).counts.size());
  }
  raise(limits.instances_per_image, static_cast<int64_t>(instances.size()));
  raise(limits.polygons_per_image, polygons);
  raise(limits.vertices_per_image, vertices);
  raise(limits.runs_per_image, runs);
}

/// Goes through the images in order; what each instance is good for is known already.
class ViewBuilder {
 public:
  ViewBuilder(const CocoDataset& dataset, const TrainingFilter& filter)
      : dataset_(dataset), filter_(filter), uses_(dataset.annotations().size()) {
    const auto count = static_cast<int64_t>(uses_.size());
#pragma omp parallel
    {
      std::vector<Defect> reasons;
#pragma omp for schedule(dynamic, 256)
      for (int64_t i = 0; i < count; ++i) {
        reasons.clear();
        uses_[static_cast<size_t>(i)] = judge_instance(
            dataset_, dataset_.annotations()[static_cast<size_t>(i)], filter_.masks, reasons);
      }
    }
  }

  TrainingView build() {
    view_.first_instance.push_back(0);
    view_.keeps_empty_images = filter_.keep_empty_images;
    view_.limits.keypoints = filter_.num_keypoints;
    for (size_t i = 0; i < dataset_.images().size(); ++i) add_image(static_cast<int>(i));
    view_.refusal = reason_to_refuse(dataset_, view_, filter_);
    return std::move(view_);
  }

 private:
  void add_image(int image) {
    const auto annotations = dataset_.annotations_of(image);
    for (const CocoAnnotation& annotation : annotations) add(annotation);
    if (leave_out_unposed()) return;
    const auto end = static_cast<int64_t>(view_.instances.size());
    if (end == view_.first_instance.back()) {
      ++(annotations.empty() ? view_.num_empty_images : view_.num_unusable_images);
      if (!annotations.empty() || !filter_.keep_empty_images) return;
    }
    view_.images.push_back(image);
    view_.first_instance.push_back(end);
    raise_limits(dataset_, view_.instances_of(view_.images.size() - 1), view_.limits);
  }

  /// The instances of the image that was just added, where a model with keypoints has none to
  /// learn.
  bool leave_out_unposed() {
    if (filter_.num_keypoints == 0) return false;
    const auto begin = view_.instances.begin() + view_.first_instance.back();
    const auto unposed = view_.instances.end() - begin;
    const auto has_some = [&](int index) {
      return has_usable_keypoints(dataset_, dataset_.annotations()[static_cast<size_t>(index)]);
    };
    if (unposed == 0 || std::any_of(begin, view_.instances.end(), has_some)) return false;
    for (auto i = begin; i != view_.instances.end(); ++i)
      view_.num_box_only -= uses_[static_cast<size_t>(*i)] == InstanceUse::kBoxOnly;
    view_.instances.erase(begin, view_.instances.end());
    view_.num_unposed += unposed;
    ++view_.num_unposed_images;
    return true;
  }

  void add(const CocoAnnotation& annotation) {
    const auto index = static_cast<int>(&annotation - dataset_.annotations().data());
    const InstanceUse use = uses_[static_cast<size_t>(index)];
    if (annotation.crowd) {
      ++view_.num_crowds;
    } else if (annotation.difficult) {
      ++view_.num_difficult;
    } else if (use == InstanceUse::kDropped) {
      drop(annotation);
    } else {
      view_.instances.push_back(index);
      view_.num_box_only += use == InstanceUse::kBoxOnly;
    }
  }

  void drop(const CocoAnnotation& annotation) {
    std::vector<Defect> reasons;
    judge_instance(dataset_, annotation, filter_.masks, reasons);
    ++view_.num_dropped;
    for (const Defect& reason : reasons) ++view_.reasons[static_cast<size_t>(reason.kind)];
    if (view_.examples.size() < kMaxExamples) view_.examples.push_back(reasons.front());
  }

  const CocoDataset& dataset_;
  const TrainingFilter& filter_;
  std::vector<InstanceUse> uses_;  // by annotation
  TrainingView view_;
};

}  // namespace

std::string TrainingView::example_text() const {
  std::string text;
  for (const Defect& example : examples)
    text += fmt::format("; annotation {}: {}, got {}", example.id, defect_rule(example.kind),
                        example.value);
  return text;
}

std::string TrainingView::summary() const {
  const int64_t negatives = keeps_empty_images ? num_empty_images : 0;
  std::string kept = fmt::format("{} images with {} instances", images.size(), instances.size());
  if (negatives > 0) kept += fmt::format(", {} of the images as negatives", negatives);
  if (num_box_only > 0)
    kept += fmt::format(", {} of the instances without a mask, for their box alone", num_box_only);
  std::string unposed;
  if (num_unposed_images > 0)
    unposed = fmt::format("{} images without keypoints, ", num_unposed_images);
  std::string difficult;
  if (num_difficult > 0) difficult = fmt::format("{} difficult objects, ", num_difficult);
  return fmt::format(
      "{}; left out {}{} images without instances, {} crowds, {}{} degenerate instances{}", kept,
      unposed, num_empty_images + num_unusable_images - negatives, num_crowds, difficult,
      num_dropped, example_text());
}

TrainingView judge_dataset(const CocoDataset& dataset, const TrainingFilter& filter) {
  TrainingView view = ViewBuilder(dataset, filter).build();
  return filter.max_images > 0 ? subset(view, dataset, filter.max_images, filter.seed) : view;
}

TrainingView training_view(const CocoDataset& dataset, const TrainingFilter& filter) {
  TrainingView view = judge_dataset(dataset, filter);
  if (!view.refusal.empty()) throw IoError(view.refusal);
  return view;
}

}  // namespace denovo::data
