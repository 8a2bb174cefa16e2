#include "data/evaluation/confusion.h"

#include <algorithm>

#include "data/evaluation/box_iou.h"

namespace denovo::data {
namespace {

struct Found {
  const Detection* detection;
  int category;
  bool took = false;
};

/// Objects and detections of one image.
class ImageMatcher {
 public:
  ImageMatcher(std::span<const CocoAnnotation> objects, std::vector<Found>& found,
               const ConfusionRule& rule)
      : objects_(objects), taken_(objects.size()), found_(found), rule_(rule) {
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return a.detection->score > b.detection->score;
    });
  }

  /// add(object's category or -1, detection's or -1).
  template <class F>
  void run(const F& add) {
    take(true, add);
    take(false, add);
    for (const Found& found : found_)
      if (!found.took && !in_crowd(found)) add(-1, found.category);
    for (size_t i = 0; i < objects_.size(); ++i)
      if (!objects_[i].crowd && !taken_[i]) add(objects_[i].category, -1);
  }

 private:
  template <class F>
  void take(bool own_class, const F& add) {
    for (Found& found : found_) {
      if (found.took) continue;
      double best = rule_.min_iou;
      size_t chosen = objects_.size();
      for (size_t i = 0; i < objects_.size(); ++i) {
        if (objects_[i].crowd || taken_[i]) continue;
        if (own_class && objects_[i].category != found.category) continue;
        const double iou = box_iou(found.detection->bbox, objects_[i].bbox, false);
        if (iou < best || (iou == best && chosen < objects_.size())) continue;
        best = iou;
        chosen = i;
      }
      if (chosen == objects_.size()) continue;
      found.took = taken_[chosen] = true;
      add(objects_[chosen].category, found.category);
    }
  }

  bool in_crowd(const Found& found) const {
    return std::any_of(objects_.begin(), objects_.end(), [&](const CocoAnnotation& object) {
      return object.crowd && object.category == found.category &&
             box_iou(found.detection->bbox, object.bbox, true) >= rule_.min_iou;
    });
  }

  std::span<const CocoAnnotation> objects_;
  std::vector<bool> taken_;
  std::vector<Found>& found_;
  const ConfusionRule rule_;
};

}  // namespace

int64_t Confusion::objects(int category) const {
  int64_t sum = 0;
  for (int k = 0; k <= num_categories; ++k) sum += count(category, k);
  return sum;
}

int64_t Confusion::detections(int category) const {
  int64_t sum = 0;
  for (int k = 0; k <= num_categories; ++k) sum += count(k, category);
  return sum;
}

Confusion confuse(const CocoDataset& ground_truth, std::span<const Detection> detections,
                  const std::optional<std::vector<int>>& images, const ConfusionRule& rule) {
  std::vector<std::vector<Found>> by_image(ground_truth.images().size());
  for (const Detection& detection : detections) {
    const int image = ground_truth.find_image(detection.image_id),
              category = ground_truth.find_category(detection.category_id);
    if (image >= 0 && category >= 0 && detection.score >= rule.min_score)
      by_image[static_cast<size_t>(image)].push_back({&detection, category});
  }
  Confusion confusion{rule, ground_truth.num_classes(), {}};
  const auto columns = static_cast<size_t>(confusion.num_categories + 1);
  confusion.counts.resize(columns * columns);
  const auto place = [&](int category) {
    return static_cast<size_t>(category < 0 ? confusion.none() : category);
  };
  const auto add_image = [&](int image) {
    ImageMatcher(ground_truth.annotations_of(image), by_image[static_cast<size_t>(image)], rule)
        .run([&](int object, int detection) {
          ++confusion.counts[place(object) * columns + place(detection)];
        });
  };
  if (images) {
    for (const int image : *images) add_image(image);
  } else {
    for (int image = 0; image < std::ssize(by_image); ++image) add_image(image);
  }
  return confusion;
}

}  // namespace denovo::data
