// Numbers of the joined cases come from tests/oracles/augmented.py.
#include "detection/prediction/augmented.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "data/loading/batch_builder.h"
#include "detection/prediction/detect_image.h"
#include "ops/box_voting/box_voting.h"
#include "ops/view_mean/view_mean.h"
#include "testing/draw.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::testing::Draw;

namespace {

constexpr int kNumKeypoints = 3;
const std::vector<std::string> kKeypoints = {"nose", "left_eye", "right_eye"};

ModelConfig tiny_model() {
  ModelConfig model;
  model.backbone.blocks = {1, 1, 1, 1};
  model.backbone.block = BlockKind::kBasic;
  model.backbone.stem_channels = 8;
  model.backbone.channels = {8, 16, 32, 64};
  model.backbone.num_groups = 4;
  model.backbone.fpn_channels = 8;
  model.rpn.post_nms_topk_test = 50;
  model.box = {.convs = 0, .fc_channels = 8};
  model.mask.convs = 1;
  model.mask.channels = 8;
  model.keypoint = {.enabled = true, .num_keypoints = kNumKeypoints, .convs = 1, .channels = 8};
  model.test.score_threshold = 0;
  return model;
}

/// A model of random weights, two classes, and a picture of 64 x 96 pixels, which is its input's
/// size too.
struct Place {
  MaskRcnn model;
  data::Image image{64, 96};
  data::InputRule rule{.short_sides = {64}, .max_size = 128, .flip = false};

  explicit Place(const ModelConfig& config = tiny_model()) : model(config, 2) {
    model.initialize(1);
    model.train(false);
    for (size_t i = 0; i < image.rgb.size(); ++i)
      image.rgb[i] = static_cast<uint8_t>((i * i / 7 + i * 13) % 256);
  }

  void make_symmetric() {
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; 2 * x < image.width; ++x)
        for (int c = 0; c < 3; ++c) {
          const auto row = static_cast<size_t>(y * image.width);
          image.rgb[3 * (row + image.width - 1 - x) + c] = image.rgb[3 * (row + x) + c];
        }
  }

  ImageBatch input(bool mirrored = false) const {
    return network_input(data::image_batch(std::span(&image, 1), rule, mirrored), model, kCpu);
  }
};

void check_equal(const Detections& a, const Detections& b) {
  CHECK(a.boxes.to_vector<float>() == b.boxes.to_vector<float>());
  CHECK(a.scores.to_vector<float>() == b.scores.to_vector<float>());
  CHECK(a.classes.to_vector<int32_t>() == b.classes.to_vector<int32_t>());
  CHECK(a.counts.to_vector<int32_t>() == b.counts.to_vector<int32_t>());
  CHECK(a.masks.to_vector<float>() == b.masks.to_vector<float>());
  CHECK(a.keypoints.to_vector<float>() == b.keypoints.to_vector<float>());
}

Tensor mirror() {
  return Tensor::from<int32_t>({kNumKeypoints}, {0, 2, 1});
}

/// A view that the oracle draws.
ops::ViewCandidates draw_view(Draw& draw, const std::vector<std::array<double, 5>>& places) {
  constexpr int kCandidates = 40, kReach[] = {0, 1, 4, 30};
  const int height = 100 + draw.below(900), width = 100 + draw.below(900);
  const bool mirrored = draw.below(2) == 1;
  std::vector<double> boxes, scores;
  std::vector<int32_t> classes;
  for (int i = 0; i < kCandidates; ++i) {
    const auto& place = places[draw.below(places.size())];
    const int reach = kReach[draw.below(4)];
    double at[4];
    for (size_t k = 0; k < 4; ++k) at[k] = place[k] + (draw.below(2 * reach + 1) - reach) / 1000.;
    const auto [x, y, w, h] = at;
    const double left = mirrored ? 1 - x - w : x;
    boxes.insert(boxes.end(), {left * width, y * height, (left + w) * width, (y + h) * height});
    scores.push_back((1 + draw.below(1000)) / 1024.);
    classes.push_back(draw.below(8) == 0 ? -1 : static_cast<int32_t>(place[4]));
  }
  return {Tensor::from({1, kCandidates, 4}, boxes),
          Tensor::from({1, kCandidates}, scores),
          Tensor::from({1, kCandidates}, classes),
          {Tensor::from<int32_t>({1, 2}, {height, width}), mirrored}};
}

std::vector<ops::ViewCandidates> draw_views(Draw& draw) {
  std::vector<std::array<double, 5>> places(8);
  for (auto& place : places) {
    for (size_t k = 0; k < 2; ++k) place[k] = draw.below(80) / 100.;
    for (size_t k = 2; k < 4; ++k) place[k] = (5 + draw.below(15)) / 100.;
    place[4] = draw.below(3);
  }
  std::vector<ops::ViewCandidates> views;
  const int count = 1 + draw.below(5);
  for (int v = 0; v < count; ++v) views.push_back(draw_view(draw, places));
  return views;
}

Tensor draw_masks(Draw& draw, const std::vector<ops::ViewCandidates>& views, int64_t count) {
  std::vector<ops::ViewMaps> maps;
  for (const ops::ViewCandidates& view : views) {
    std::vector<double> values(static_cast<size_t>(9 * count));
    for (double& value : values) value = draw.below(1000) / 1000.;
    maps.push_back({Tensor::from({count, 3, 3}, values), view.view.mirrored});
  }
  return ops::view_mean(maps);
}

}  // namespace

TEST_CASE("augmented: boxes, votes and masks of several views join as step by step") {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/detection/augmented.txt");
  int64_t count = 0, cases = 0;
  for (std::string word; file >> word >> count; ++cases) {
    CAPTURE(cases);
    Draw draw(1000003ull * static_cast<uint64_t>(cases) + 53);
    const std::vector<ops::ViewCandidates> views = draw_views(draw);
    const ops::JoinedCandidates all = ops::join_candidates(views, views.front().view);
    TestConfig config;
    config.detections_per_image = 12;
    const Detections best = best_detections({all.boxes, all.scores, all.classes}, config);
    const Tensor voted =
        ops::vote_boxes(best.boxes, best.classes, all.boxes, all.scores, all.classes, 0.9);
    REQUIRE(best.counts.to_vector<int32_t>()[0] == count);
    const auto masks = draw_masks(draw, views, count).to_vector<double>();
    const auto classes = best.classes.to_vector<double>(), scores = best.scores.to_vector<double>(),
               boxes = best.boxes.to_vector<double>(), after = voted.to_vector<double>();
    double worst = 0;
    const auto compare = [&](double found) {
      double expected = NAN;
      file >> expected;
      const double off = std::abs(found - expected);
      worst = off <= worst ? worst : off;  // NaN stays
    };
    for (size_t d = 0; d < static_cast<size_t>(count); ++d) {
      compare(classes[d]);
      compare(scores[d]);
      for (size_t k = 0; k < 4; ++k) compare(boxes[4 * d + k]);
      for (size_t k = 0; k < 4; ++k) compare(after[4 * d + k]);
      for (size_t k = 0; k < 9; ++k) compare(masks[9 * d + k]);
    }
    CHECK(worst < 1e-11);
  }
  CHECK(cases == 20);
}

TEST_CASE("augmented: one view without votes is plain detection, to the last bit") {
  Place place;
  for (const bool mirrored : {false, true}) {
    JoinedViews views(place.model, 0);
    views.add(place.input(mirrored), mirrored);
    const Detections plain = place.model.detect(place.input(mirrored));
    REQUIRE(plain.counts.to_vector<int32_t>()[0] > 10);
    check_equal(views.detect(), plain);
  }
}

TEST_CASE("augmented: the same view again changes nothing but who votes") {
  Place place;
  JoinedViews once(place.model, 0.9), twice(place.model, 0.9);
  once.add(place.input(), false);
  for (int i = 0; i < 2; ++i) twice.add(place.input(), false);
  check_equal(twice.detect(), once.detect());
}

TEST_CASE("augmented: what is symmetric is found symmetrically, left and right in their places") {
  Place place;
  place.make_symmetric();
  JoinedViews views(place.model, 0, mirror());
  for (const bool mirrored : {false, true}) views.add(place.input(mirrored), mirrored);
  const Detections found = views.detect();
  const auto boxes = found.boxes.to_vector<float>(), scores = found.scores.to_vector<float>(),
             masks = found.masks.to_vector<float>(), keypoints = found.keypoints.to_vector<float>();
  const auto classes = found.classes.to_vector<int32_t>(), other = mirror().to_vector<int32_t>();
  const auto count = static_cast<size_t>(found.counts.to_vector<int32_t>()[0]);
  const auto size = static_cast<size_t>(found.masks.size(1));
  const auto near = [](float a, float b) { return std::abs(a - b) < 1e-2f; };
  const auto are_twins = [&](size_t a, size_t b) {
    const float *p = &boxes[4 * a], *q = &boxes[4 * b];
    return scores[a] == scores[b] && classes[a] == classes[b] && near(p[0] + q[2], 96) &&
           near(p[2] + q[0], 96) && near(p[1], q[1]) && near(p[3], q[3]);
  };
  int twins = 0;
  double worst_mask = 0, worst_score = 0;
  for (size_t a = 0; a < count; ++a)
    for (size_t b = a + 1; b < count; ++b) {
      if (!are_twins(a, b)) continue;
      ++twins;
      for (size_t i = 0; i < size * size; ++i) {
        const size_t turned = i / size * size + size - 1 - i % size;
        const double off =
            std::abs(double{masks[a * size * size + i]} - masks[b * size * size + turned]);
        worst_mask = std::max(worst_mask, off);
      }
      for (size_t j = 0; j < kNumKeypoints; ++j) {
        const auto m = static_cast<size_t>(other[j]);
        const double off = std::abs(double{keypoints[3 * (a * kNumKeypoints + j) + 2]} -
                                    keypoints[3 * (b * kNumKeypoints + m) + 2]);
        worst_score = std::max(worst_score, off);
      }
    }
  CHECK(twins > 3);
  CHECK(worst_mask < 1e-4);   // boxes are mirrored in f32, then pooled
  CHECK(worst_score < 1e-4);  // a left eye is as sure as its twin's right one
}

TEST_CASE("augmented: the defaults are the passes of Detectron") {
  std::vector<int> sides, longest;
  int mirrored = 0;
  const auto passes = TtaConfig().passes({.short_sides = {800}, .max_size = 1333, .flip = false});
  for (const TtaPass& pass : passes) {
    mirrored += pass.mirrored;
    if (pass.mirrored) continue;
    sides.push_back(pass.rule.short_sides.front());
    longest.push_back(pass.rule.max_size);
  }
  CHECK(sides == std::vector<int>{800, 400, 500, 600, 700, 900, 1000, 1100, 1200});
  CHECK(longest == std::vector<int>{1333, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000});
  CHECK(passes.size() == 18);
  CHECK(mirrored == 9);
  TtaConfig other;
  other.scales = {0.5, 2};
  other.flip = false;
  other.max_size = 300;
  const auto two = other.passes({.short_sides = {101}, .max_size = 0});
  REQUIRE(two.size() == 2);
  CHECK(two[0].rule.short_sides == std::vector<int>{51});
  CHECK(two[1].rule.max_size == 300);
}

TEST_CASE("augmented: keys that cannot work are refused, each by its name") {
  const auto refusal = [](const std::string& assignment) {
    try {
      load_config<TestTimeConfig>("", {assignment});
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal("test.tta.scales=1,2") == "");
  CHECK(refusal("test.tta.scales=[]") == "config: test.tta.scales must be given, got []");
  CHECK(refusal("test.tta.scales=0,1") ==
        "config: test.tta.scales must be in 0.1 .. 10, got [0.0, 1.0]");
  CHECK(refusal("test.tta.vote_iou=1.5") == "config: test.tta.vote_iou must be in 0 .. 1, got 1.5");
  CHECK(refusal("test.tta.max_size=-1") ==
        "config: test.tta.max_size must be non-negative, got -1");
}

TEST_CASE("AugmentedDetector: finds in the pixels of the picture, and says what it cost") {
  Place place;
  TtaConfig config;
  config.scales = {1, 2};
  AugmentedDetector detector(place.model, config, place.rule, kCpu, kKeypoints);
  data::Image image(40, 90);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>(i * 31 % 256);
  const ImageDetections found = detector.detect(image, 7, {3, 5});
  CHECK(found.image_id == 7);
  CHECK(found.height == 40);
  CHECK(found.detections.size() > 10);
  for (const data::Detection& d : found.detections) {
    CHECK(d.bbox[0] + d.bbox[2] <= 90);
    CHECK(d.mask.width == 90);
    CHECK(d.keypoints.size() == 3 * kNumKeypoints);
  }
  const std::string cost = detector.cost();
  CHECK(cost.starts_with("test-time augmentation: 4 passes, "));
  CHECK(cost.find(" s an image, ") != std::string::npos);
  CHECK(cost.ends_with(" times a plain detection"));
}

TEST_CASE("AugmentedDetector: without names left and right keypoints cannot change places") {
  Place place;
  TtaConfig config;
  CHECK_THROWS_WITH_AS(
      AugmentedDetector(place.model, config, place.rule, kCpu),
      "config: test.tta.flip needs the names of the model's 3 keypoints, which tell left from "
      "right, got 0; test.tta.flip=false goes on without mirrored passes",
      ConfigError);
  config.flip = false;
  CHECK_NOTHROW(AugmentedDetector(place.model, config, place.rule, kCpu));
}
