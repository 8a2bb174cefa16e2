#include "data/coco/subset.h"

#include <algorithm>
#include <numeric>

#include "core/kernels/random.h"

namespace denovo::data {
namespace {

/// The chosen places of view.images, ascending.
TrainingView only(const TrainingView& view, std::span<const size_t> chosen) {
  TrainingView smaller = view;
  smaller.images.clear();
  smaller.instances.clear();
  smaller.first_instance.assign(1, 0);
  for (const size_t i : chosen) {
    smaller.images.push_back(view.images[i]);
    const auto instances = view.instances_of(i);
    smaller.instances.insert(smaller.instances.end(), instances.begin(), instances.end());
    smaller.first_instance.push_back(static_cast<int64_t>(smaller.instances.size()));
  }
  return smaller;
}

}  // namespace

TrainingView subset(const TrainingView& view, const CocoDataset& dataset, int64_t count,
                    uint64_t seed) {
  if (count >= static_cast<int64_t>(view.images.size())) return view;
  const RandomStream stream{.seed = seed, .purpose = RandomPurpose::kSubset};
  std::vector<std::pair<uint32_t, size_t>> keys;
  for (size_t i = 0; i < view.images.size(); ++i) {
    keys.emplace_back(
        stream.bits(fold_id(dataset.images()[static_cast<size_t>(view.images[i])].id)), i);
  }
  std::nth_element(keys.begin(), keys.begin() + count, keys.end());
  std::vector<size_t> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(keys[static_cast<size_t>(i)].second);
  std::sort(chosen.begin(), chosen.end());
  return only(view, chosen);
}

TrainingView with_images(const TrainingView& view, std::span<const int> images) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < view.images.size(); ++i)
    if (std::binary_search(images.begin(), images.end(), view.images[i])) chosen.push_back(i);
  return only(view, chosen);
}

}  // namespace denovo::data
