#include "apps/study/statistics/image_bootstrap.h"

#include <doctest/doctest.h>
#include <omp.h>

#include <cmath>

#include "tests/data/coco/json_text_file.h"
#include "tests/data/evaluation/repeated_images.h"

using namespace denovo;
using namespace denovo::study;
using data::IouType;

namespace {

/// The same objects seen by a poor and by a good detector.
struct TwoArms {
  explicit TwoArms(int num_images, int poor_skill = 5, int good_skill = 9)
      : poor(testing::repeat_images(std::vector<int>(num_images, 1), 1, poor_skill)),
        good(testing::repeat_images(std::vector<int>(num_images, 1), 2, good_skill)),
        file(poor.ground_truth),
        truth(data::read_coco(file.path())) {}

  BootstrapDifference difference(int draws = kBootstrapDraws, uint64_t seed = 0) const {
    return bootstrap_difference(truth, poor.detections, good.detections, IouType::kBbox, {}, draws,
                                seed);
  }

  testing::RepeatedImages poor, good;
  testing::JsonTextFile file;
  data::CocoDataset truth;
};

}  // namespace

TEST_CASE(
    "bootstrap_difference: the estimate is the difference of the two evaluations, in points") {
  const TwoArms arms(60);
  const auto ap = [&](const testing::RepeatedImages& arm) {
    return evaluate_coco(arms.truth, arm.detections, IouType::kBbox).stats.AP;
  };
  const BootstrapDifference found = arms.difference();
  CHECK(found.estimate == 100 * (ap(arms.poor) - ap(arms.good)));
  CHECK(found.num_defined == kBootstrapDraws);
  REQUIRE(found.interval);
  CHECK(found.interval->low < found.estimate);
  CHECK(found.interval->high > found.estimate);
  CHECK(found.interval->high < 0);  // the good detector is the better one on any choice of images
}

TEST_CASE("bootstrap_difference: does not depend on the number of threads, but on the seed") {
  const TwoArms arms(40);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const BootstrapDifference one = arms.difference(200);
  omp_set_num_threads(3);
  const BootstrapDifference three = arms.difference(200);
  omp_set_num_threads(threads);
  CHECK(one.interval->low == three.interval->low);
  CHECK(one.interval->high == three.interval->high);
  CHECK(arms.difference(200, 1).interval->low != one.interval->low);
}

TEST_CASE("bootstrap_difference: an arm against itself differs by nothing on every draw") {
  const TwoArms arms(30);
  const BootstrapDifference found = bootstrap_difference(
      arms.truth, arms.poor.detections, arms.poor.detections, IouType::kBbox, {}, 100);
  CHECK(found.interval->low == 0);
  CHECK(found.interval->high == 0);
}

TEST_CASE("bootstrap_difference: more images leave less noise") {
  const auto width = [](int num_images) {
    const auto interval = TwoArms(num_images).difference(300).interval.value();
    return interval.high - interval.low;
  };
  const double ratio = width(40) / width(640);  // about sqrt(16)
  CHECK(ratio > 2.5);
  CHECK(ratio < 6);
}

TEST_CASE("bootstrap_difference: draws only images that count, and none from nothing") {
  const TwoArms arms(30);
  const auto among = [&](std::vector<int> images) {
    return bootstrap_difference(arms.truth, arms.poor.detections, arms.good.detections,
                                IouType::kBbox, {.images = std::move(images)}, 50);
  };
  // One image alone is the same in every draw.
  int image = 0;
  while (arms.truth.annotations_of(image).empty()) ++image;
  const BootstrapDifference one = among({image});
  CHECK(one.interval->low == one.estimate);
  CHECK(one.interval->high == one.estimate);
  int empty = 0;
  while (!arms.truth.annotations_of(empty).empty()) ++empty;
  const BootstrapDifference nothing = among({empty});
  CHECK(std::isnan(nothing.estimate));
  CHECK_FALSE(nothing.interval);
  CHECK(nothing.num_defined == 0);
}
