#include "data/loading/batch_order.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "tests/data/loading/small_dataset.h"

using namespace denovo;
using namespace denovo::data;
using denovo::data::testing::SmallDataset;

namespace {

const std::vector<ImageSize> kSizes = {{24, 40}, {40, 24}, {24, 40}, {30, 30}, {24, 40},
                                       {40, 24}, {24, 90}, {30, 31}, {24, 40}};
const InputRule kRule{.short_sides = {24, 48}, .max_size = 200};

std::vector<int> images_of(const BatchPlan& plan) {
  std::vector<int> images;
  for (const PlannedImage& planned : plan) images.push_back(planned.image);
  return images;
}

}  // namespace

TEST_CASE("bucket_of: short side to a multiple of 32, long side to a multiple of 64") {
  CHECK(bucket_of({800, 1067}) == ImageSize{800, 1088});
  CHECK(bucket_of({1067, 800}) == ImageSize{1088, 800});
  CHECK(bucket_of({160, 160}) == ImageSize{192, 160});
  CHECK(bucket_of({128, 192}) == ImageSize{128, 192});
  CHECK(bucket_of({1, 1}) == ImageSize{64, 32});
}

TEST_CASE("padded_size: by batch it is the largest sides rounded up to 32") {
  const std::vector<ImageTransform> transforms = {{{}, {800, 1067}, false},
                                                  {{}, {750, 1100}, false}};
  CHECK(padded_size(transforms, {.padding = Padding::kBatch}) == ImageSize{800, 1120});
  CHECK(padded_size(transforms, {.padding = Padding::kBucket}) == ImageSize{800, 1152});
}

TEST_CASE("training_transform: draws every scale and both flips, evenly and by image and epoch") {
  std::map<std::pair<int, bool>, int> counts;
  for (int64_t id = 0; id < 1000; ++id) {
    const ImageTransform transform = training_transform(kRule, {24, 40}, 1, 0, id);
    ++counts[{transform.resized.height, transform.flipped}];
  }
  CHECK(counts.size() == 4);
  for (const auto& [key, count] : counts) CHECK(std::abs(count - 250) < 70);  // five deviations
  CHECK(training_transform({.short_sides = {24}, .flip = false}, {24, 40}, 1, 0, 5).flipped ==
        false);
}

TEST_CASE("BatchOrder: a batch holds one group, and all images are used equally often") {
  const SmallDataset dataset(kSizes);
  BatchOrder order(dataset.coco, dataset.view.images, kRule, 2, 1);
  std::map<int, int> uses;
  constexpr int kBatches = 900;
  for (int i = 0; i < kBatches; ++i) {
    const BatchPlan plan = order.next();
    REQUIRE(plan.size() == 2);
    CHECK(group_key(kRule, plan[0].transform.resized) ==
          group_key(kRule, plan[1].transform.resized));
    for (const PlannedImage& planned : plan) ++uses[planned.image];
  }
  CHECK(uses.size() == kSizes.size());
  // Each of the groups holds back at most one image.
  for (const auto& [image, count] : uses) CHECK(std::abs(count - 2 * kBatches / 9) <= 12);
}

TEST_CASE("BatchOrder: seek finds the batch that next would have come to") {
  const SmallDataset dataset(kSizes);
  BatchOrder straight(dataset.coco, dataset.view.images, kRule, 2, 5);
  BatchOrder jumping(dataset.coco, dataset.view.images, kRule, 2, 5);
  std::vector<std::vector<int>> batches;
  for (int i = 0; i < 60; ++i) batches.push_back(images_of(straight.next()));
  for (const int index : {40, 3, 3, 59, 0}) {
    jumping.seek(index);
    CHECK(images_of(jumping.next()) == batches[index]);
  }
  BatchOrder other(dataset.coco, dataset.view.images, kRule, 2, 6);
  std::vector<std::vector<int>> others;
  for (int i = 0; i < 60; ++i) others.push_back(images_of(other.next()));
  CHECK(others != batches);
}

TEST_CASE("evaluation_order: every image once, groups together, nothing flipped") {
  const SmallDataset dataset(kSizes);
  std::vector<int> images(kSizes.size());
  for (size_t i = 0; i < images.size(); ++i) images[i] = static_cast<int>(i);
  std::multiset<int> seen;
  for (const BatchPlan& plan : evaluation_order(dataset.coco, images, kRule, 2)) {
    CHECK(plan.size() <= 2);
    for (const PlannedImage& planned : plan) {
      seen.insert(planned.image);
      CHECK(!planned.transform.flipped);
      CHECK(std::min(planned.transform.resized.height, planned.transform.resized.width) == 24);
      CHECK(group_key(kRule, planned.transform.resized) ==
            group_key(kRule, plan[0].transform.resized));
    }
  }
  CHECK(seen == std::multiset<int>(images.begin(), images.end()));
}
