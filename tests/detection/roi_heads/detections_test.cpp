#include "detection/roi_heads/detections.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "detection/roi_heads/standard_heads.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

constexpr int kNumClasses = 3;
constexpr int kSlots = 4;  // of proposals, one of them empty

ModelConfig tiny_heads() {
  ModelConfig config;
  config.backbone.num_groups = 2;
  config.box = {.convs = 0, .fc_channels = 8};
  config.mask.convs = 1;
  config.mask.channels = 8;
  config.test.score_threshold = 0;
  return config;
}

/// The heads of a pyramid of two levels and what they look at: one image of 64 x 64 pixels.
struct Place {
  StandardHeads heads;
  std::vector<Tensor> features{testing::ramp({1, 16, 16, 8}).to(DType::kF32),
                               testing::ramp({1, 8, 8, 8}, 41).to(DType::kF32)};
  Proposals proposals{Tensor::from<float>({1, kSlots, 4}, {4, 4, 30, 30,    //
                                                           6, 5, 33, 31,    //
                                                           20, 30, 60, 63,  //
                                                           0, 0, 0, 0}),
                      Tensor::zeros({1, kSlots}, DType::kF32), Tensor::from<int32_t>({1}, {3})};
  Tensor sizes = Tensor::from<int32_t>({1, 2}, {64, 64});

  explicit Place(const ModelConfig& config) : heads(config, std::array{4, 8}, 8, kNumClasses) {
    heads.initialize(1);
    heads.train(false);
  }
};

template <class T>
Tensor twice(const Tensor& once) {
  std::vector<T> values = once.to_vector<T>(), copy = values;
  values.insert(values.end(), copy.begin(), copy.end());
  Shape shape =
      once.rank() == 3 ? Shape{1, 2 * once.size(1), once.size(2)} : Shape{1, 2 * once.size(1)};
  return Tensor::from(shape, values);
}

void check_equal(const Detections& a, const Detections& b) {
  CHECK(a.boxes.to_vector<float>() == b.boxes.to_vector<float>());
  CHECK(a.scores.to_vector<float>() == b.scores.to_vector<float>());
  CHECK(a.classes.to_vector<int32_t>() == b.classes.to_vector<int32_t>());
  CHECK(a.counts.to_vector<int32_t>() == b.counts.to_vector<int32_t>());
  CHECK(a.masks.defined() == b.masks.defined());
  if (a.masks.defined()) CHECK(a.masks.to_vector<float>() == b.masks.to_vector<float>());
}

}  // namespace

TEST_CASE("score_boxes: every proposal as every class, none of an empty slot") {
  const Place place(tiny_heads());
  const ScoredBoxes found = place.heads.score_boxes(place.features, place.proposals, place.sizes);
  CHECK(found.boxes.shape() == Shape{1, kSlots * kNumClasses, 4});
  CHECK(found.classes.to_vector<int32_t>() ==
        std::vector<int32_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, -1, -1, -1});
}

TEST_CASE("best_detections: suppresses within a class, keeps the best of all classes") {
  const Tensor boxes = Tensor::from<float>({1, 5, 4}, {0,  0,  10, 10,    //
                                                       0,  0,  10, 9,     // as the first
                                                       0,  0,  10, 10,    // in another class
                                                       20, 20, 30, 30,    //
                                                       40, 40, 50, 50});  // no candidate
  const ScoredBoxes candidates{boxes, Tensor::from<float>({1, 5}, {.5f, .6f, .7f, .2f, .9f}),
                               Tensor::from<int32_t>({1, 5}, {0, 0, 1, 1, -1})};
  const auto scores = [&](int most) {
    TestConfig config;
    config.detections_per_image = most;
    const Detections best = best_detections(candidates, config);
    CHECK_FALSE(best.masks.defined());
    auto values = best.scores.to_vector<float>();
    values.resize(static_cast<size_t>(best.counts.to_vector<int32_t>()[0]));
    return values;
  };
  CHECK(scores(100) == std::vector<float>{.7f, .6f, .2f});
  CHECK(scores(2) == std::vector<float>{.7f, .6f});
}

TEST_CASE("detections: joined candidates of two equal passes give what one pass gives") {
  for (const bool with_masks : {false, true}) {
    ModelConfig config = tiny_heads();
    config.mask.enabled = with_masks;
    const Place place(config);
    const Detections one = place.heads.detect(place.features, place.proposals, place.sizes);
    REQUIRE(one.counts.to_vector<int32_t>()[0] >= kNumClasses);

    const ScoredBoxes pass = place.heads.score_boxes(place.features, place.proposals, place.sizes);
    Detections joined = best_detections(
        {twice<float>(pass.boxes), twice<float>(pass.scores), twice<int32_t>(pass.classes)},
        config.test);
    joined.masks = place.heads.detect_masks(place.features, joined);
    check_equal(joined, one);
  }
}
