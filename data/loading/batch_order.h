// Which images stand in which batch.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "data/coco/dataset.h"
#include "data/loading/input_rule.h"

namespace denovo::data {

struct PlannedImage {
  int image = 0;       // index into CocoDataset::images
  uint32_t epoch = 0;  // whose permutation it comes from
  ImageTransform transform;
};

using BatchPlan = std::vector<PlannedImage>;

/// The endless sequence of global training batches. Every epoch is a new permutation of the images
/// (Philox); each image draws its scale and flip and joins the queue of its group (group_key), and
/// a queue that has enough is the next batch. What is left in the queues at an epoch's end waits
/// for the next one, so in the long run all images are used equally often, rare shapes too. Batch
/// i is a pure function of the images, the rule, the seed and i; ranks and accumulation only decide
/// who computes which part of it.
class BatchOrder {
 public:
  /// Requires at least one image; `images` are indices into dataset.images(). Keeps a reference to
  /// the data set.
  BatchOrder(const CocoDataset& dataset, std::vector<int> images, InputRule rule,
             int images_per_batch, uint64_t seed);

  /// The next batch in order, images_per_batch images of one group.
  BatchPlan next();
  /// Makes batch `index` the next one. Costs some 50 ns for each image before it: nothing is
  /// decoded.
  void seek(int64_t index);

 private:
  void start_epoch();

  const CocoDataset& dataset_;
  std::vector<int> images_;
  InputRule rule_;
  size_t images_per_batch_;
  uint64_t seed_;
  std::map<int64_t, BatchPlan> queues_;
  std::vector<uint32_t> permutation_;
  size_t position_ = 0;  // in the permutation
  uint32_t epoch_ = 0;
  int64_t next_index_ = 0;
};

/// Every image once, not flipped, in batches of at most images_per_batch images of one group:
/// groups by size, images in the order given.
std::vector<BatchPlan> evaluation_order(const CocoDataset& dataset, std::span<const int> images,
                                        const InputRule& rule, int images_per_batch);

}  // namespace denovo::data
