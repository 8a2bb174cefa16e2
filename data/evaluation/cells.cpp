#include "data/evaluation/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/files/base_name.h"

namespace denovo::data {
namespace {

struct Placed {
  int category, image, index;
};

/// Stable counting sort by get(item) in 0 … num_keys - 1.
template <typename Get>
void counting_sort(std::vector<Placed>& items, int num_keys, const Get& get) {
  std::vector<int64_t> next(num_keys + 1);
  for (const Placed& item : items) ++next[get(item) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Placed> sorted(items.size());
  for (const Placed& item : items) sorted[next[get(item)]++] = item;
  items.swap(sorted);
}

void sort_by_place(std::vector<Placed>& items, const CocoDataset& dataset) {
  counting_sort(items, static_cast<int>(dataset.images().size()),
                [](const Placed& item) { return item.image; });
  counting_sort(items, dataset.num_classes(), [](const Placed& item) { return item.category; });
}

/// By image: does it count?
std::vector<bool> counted_images(const CocoDataset& dataset, const EvaluationOptions& options) {
  std::vector<bool> counts(dataset.images().size(), !options.images);
  if (options.images)
    for (const int image : *options.images) counts[image] = true;
  return counts;
}

std::vector<Placed> place_truths(const CocoDataset& dataset, const EvaluationOptions& options) {
  const std::span<const CocoAnnotation> annotations = dataset.annotations();
  const std::vector<bool> counts = counted_images(dataset, options);
  std::vector<int> stands_for(annotations.size());
  std::iota(stands_for.begin(), stands_for.end(), 0);
  if (options.strict)
    for (const ReplacedAnnotation& replaced : dataset.replaced())
      stands_for[replaced.index] = replaced.last_index;
  std::vector<Placed> placed;
  placed.reserve(annotations.size());
  for (const int index : stands_for)
    if (index >= 0 && counts[annotations[index].image])
      placed.push_back({annotations[index].category, annotations[index].image, index});
  sort_by_place(placed, dataset);
  return placed;
}

std::vector<Placed> place_detections(const CocoDataset& dataset,
                                     std::span<const Detection> detections,
                                     const EvaluationOptions& options,
                                     std::vector<std::string>& warnings) {
  const std::vector<bool> counts = counted_images(dataset, options);
  std::vector<Placed> placed;
  placed.reserve(detections.size());
  int64_t num_unknown = 0, an_unknown = 0;
  for (size_t i = 0; i < detections.size(); ++i) {
    const int image = dataset.find_image(detections[i].image_id);
    if (image < 0)
      throw IoError(fmt::format("{}: image_id must be in {}, got {}", options.place_of_detection(i),
                                base_name(dataset.path()), detections[i].image_id));
    const int category = dataset.find_category(detections[i].category_id);
    if (category < 0) {
      ++num_unknown;
      an_unknown = detections[i].category_id;
      continue;
    }
    if (counts[image]) placed.push_back({category, image, static_cast<int>(i)});
  }
  if (num_unknown > 0)
    warnings.push_back(
        fmt::format("{} detections of categories that are not in {} were left out, "
                    "such as category_id {}",
                    num_unknown, base_name(dataset.path()), an_unknown));
  sort_by_place(placed, dataset);
  return placed;
}

/// Descending score, ties in the given order, NaN last: numpy's stable argsort of the negatives.
void sort_by_score(std::span<Placed> cell, std::span<const Detection> detections) {
  std::stable_sort(cell.begin(), cell.end(), [&](const Placed& a, const Placed& b) {
    const double left = detections[a.index].score, right = detections[b.index].score;
    return left > right || (std::isnan(right) && !std::isnan(left));
  });
}

bool same_place(const Placed& a, const Placed& b) {
  return a.category == b.category && a.image == b.image;
}

bool before(const Placed& a, const Placed& b) {
  return a.category != b.category ? a.category < b.category : a.image < b.image;
}

size_t end_of_place(const std::vector<Placed>& items, size_t begin) {
  size_t end = begin;
  while (end < items.size() && same_place(items[begin], items[end])) ++end;
  return end;
}

}  // namespace

Cells sort_into_cells(const CocoDataset& ground_truth, std::span<const Detection> detections,
                      int limit, const EvaluationOptions& options) {
  Cells result;
  const std::vector<Placed> truths = place_truths(ground_truth, options);
  std::vector<Placed> found = place_detections(ground_truth, detections, options, result.warnings);
  for (const Placed& truth : truths) result.truths.push_back(truth.index);
  for (size_t t = 0, d = 0; t < truths.size() || d < found.size();) {
    const bool take_truths =
        d == found.size() || (t < truths.size() && !before(found[d], truths[t]));
    const bool take_found =
        t == truths.size() || (d < found.size() && !before(truths[t], found[d]));
    const Placed& place = take_truths ? truths[t] : found[d];
    Cell cell{place.category,
              place.image,
              static_cast<int64_t>(t),
              0,
              static_cast<int64_t>(result.detections.size()),
              0};
    if (take_truths) {
      const size_t end = end_of_place(truths, t);
      cell.num_truths = static_cast<int64_t>(end - t);
      t = end;
    }
    if (take_found) {
      const size_t end = end_of_place(found, d);
      sort_by_score({&found[d], end - d}, detections);
      cell.num_detections = std::min<int64_t>(end - d, limit);
      for (int64_t i = 0; i < cell.num_detections; ++i)
        result.detections.push_back(found[d + i].index);
      d = end;
    }
    result.cells.push_back(cell);
  }
  return result;
}

}  // namespace denovo::data
