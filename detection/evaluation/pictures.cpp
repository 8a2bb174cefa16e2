#include "detection/evaluation/pictures.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/atomic_write.h"
#include "data/image/image_file.h"
#include "detection/prediction/drawn_detections.h"
#include "detection/prediction/picture_names.h"

namespace denovo::detection {
namespace {

constexpr double kShownScore = 0.5;

std::vector<data::DrawnInstance> ground_truth(const data::CocoDataset& dataset, int image) {
  std::vector<data::DrawnInstance> drawn;
  for (const auto& annotation : dataset.annotations_of(image)) {
    const auto& b = annotation.bbox;
    data::DrawnInstance instance{
        annotation.category,
        {static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[0] + b[2]),
         static_cast<float>(b[1] + b[3])},
        {},
        dataset.categories()[static_cast<size_t>(annotation.category)].name};
    draw_keypoints(dataset.keypoints(annotation), 0,
                   dataset.categories()[static_cast<size_t>(annotation.category)], instance);
    if (annotation.segmentation != data::SegmentationKind::kNone)
      instance.mask = dataset.mask(annotation);
    if (annotation.crowd) instance.label += " (crowd)";
    if (annotation.difficult) instance.label += " (difficult)";
    drawn.push_back(std::move(instance));
  }
  return drawn;
}

}  // namespace

void write_pictures(const std::string& directory, int64_t iteration, const data::ImageFiles& files,
                    std::span<const ImageDetections> images, int count) {
  if (count == 0 || images.empty()) return;
  const data::CocoDataset& dataset = files.dataset();
  PictureNames names;
  create_directories(directory);
  const size_t shown = std::min(images.size(), static_cast<size_t>(count));
  for (size_t i = 0; i < shown; ++i) {
    const ImageDetections& found = images[i * images.size() / shown];
    const int index = dataset.find_image(found.image_id);
    data::Image left = files.read(index), right = left;
    data::draw_instances(left, ground_truth(dataset, index));
    data::draw_instances(right, drawn_detections(found, dataset.categories(), kShownScore));
    const std::string name = names.name_of(files.path(index));
    data::write_image(fmt::format("{}/{:07d}_{}.png", directory, iteration, name),
                      data::side_by_side({left, right}, {"ground truth", "predictions"}));
  }
}

}  // namespace denovo::detection
