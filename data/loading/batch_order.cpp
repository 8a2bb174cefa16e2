#include "data/loading/batch_order.h"

#include <numeric>
#include <utility>

#include "core/error.h"

namespace denovo::data {
namespace {

ImageSize size_of_image(const CocoDataset& dataset, int image) {
  const CocoImage& entry = dataset.images()[image];
  return {entry.height, entry.width};
}

}  // namespace

BatchOrder::BatchOrder(const CocoDataset& dataset, std::vector<int> images, InputRule rule,
                       int images_per_batch, uint64_t seed)
    : dataset_(dataset),
      images_(std::move(images)),
      rule_(std::move(rule)),
      images_per_batch_(static_cast<size_t>(images_per_batch)),
      seed_(seed) {
  if (images_.empty()) throw IoError(dataset.path() + ": no image is left to train on");
  if (images_per_batch < 1 || rule_.short_sides.empty()) {
    throw ConfigError("batch order: images per batch and scales must be positive, got none");
  }
  start_epoch();
}

void BatchOrder::start_epoch() {
  permutation_.resize(images_.size());
  std::iota(permutation_.begin(), permutation_.end(), 0u);
  shuffle({seed_, RandomPurpose::kBatchOrder, epoch_, 0}, permutation_.data(),
          static_cast<uint32_t>(permutation_.size()));
  position_ = 0;
}

BatchPlan BatchOrder::next() {
  for (;;) {
    if (position_ == permutation_.size()) {
      ++epoch_;
      start_epoch();
    }
    const int image = images_[permutation_[position_++]];
    const ImageTransform transform = training_transform(rule_, size_of_image(dataset_, image),
                                                        seed_, epoch_, dataset_.images()[image].id);
    BatchPlan& queue = queues_[group_key(rule_, transform.input())];
    queue.push_back({image, epoch_, transform});
    if (queue.size() < images_per_batch_) continue;
    ++next_index_;
    return std::exchange(queue, {});
  }
}

void BatchOrder::seek(int64_t index) {
  if (index < next_index_) {
    queues_.clear();
    epoch_ = 0;
    next_index_ = 0;
    start_epoch();
  }
  while (next_index_ < index) next();
}

std::vector<BatchPlan> evaluation_order(const CocoDataset& dataset, std::span<const int> images,
                                        const InputRule& rule, int images_per_batch) {
  std::map<int64_t, std::vector<BatchPlan>> groups;
  for (const int image : images) {
    const ImageTransform transform = evaluation_transform(rule, size_of_image(dataset, image));
    std::vector<BatchPlan>& batches = groups[group_key(rule, transform.input())];
    if (batches.empty() || batches.back().size() == static_cast<size_t>(images_per_batch)) {
      batches.emplace_back();
    }
    batches.back().push_back({image, 0, transform});
  }
  std::vector<BatchPlan> order;
  for (auto& [key, batches] : groups) {
    for (BatchPlan& batch : batches) order.push_back(std::move(batch));
  }
  return order;
}

}  // namespace denovo::data
