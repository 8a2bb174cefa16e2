#include "detection/prediction/drawn_detections.h"

#include <doctest/doctest.h>

using namespace denovo;
using namespace denovo::detection;

namespace {

using Points = std::vector<std::array<float, 2>>;
using Lines = std::vector<std::array<float, 4>>;

/// Four keypoints of pixels (10 k, k), of which the third is not found.
const std::vector<double> kKeypoints = {0, 0, 0.9, 10, 1, 0.5, 20, 2, 0.01, 30, 3, 0.06};

data::DrawnInstance drawn(std::vector<std::array<int, 2>> skeleton, double min_last) {
  data::DrawnInstance instance;
  draw_keypoints(kKeypoints, min_last, {1, "x", {}, std::move(skeleton)}, instance);
  return instance;
}

}  // namespace

TEST_CASE(
    "draw_keypoints: those that were found, at the centres of their pixels, and their lines") {
  const data::DrawnInstance all = drawn({}, 0.05);
  CHECK(all.points == Points{{0.5f, 0.5f}, {10.5f, 1.5f}, {30.5f, 3.5f}});
  CHECK(all.lines.empty());
  // Lines to what was not found, or does not exist, are not drawn.
  const data::DrawnInstance joined = drawn({{1, 2}, {2, 3}, {0, 1}, {4, 9}}, 0.05);
  CHECK(joined.points == all.points);
  CHECK(joined.lines == Lines{{0.5f, 0.5f, 10.5f, 1.5f}});
}

TEST_CASE("draw_keypoints: what a category's skeleton does not join is not the category's") {
  CHECK(drawn({{1, 2}}, 0.05).points == Points{{0.5f, 0.5f}, {10.5f, 1.5f}});
}

TEST_CASE("drawn_detections: of an image with keypoints, with the skeleton of its category") {
  ImageDetections image;
  image.classes = {0};
  image.keypoints = kKeypoints;
  image.detections.push_back({.category_id = 7, .score = 0.8, .keypoints = image.keypoints});
  const data::CocoCategory category{7, "x", {"a", "b", "c", "d"}, {{1, 4}}};
  const auto found = drawn_detections(image, std::span(&category, 1), 0.5);
  REQUIRE(found.size() == 1);
  CHECK(found[0].lines == Lines{{0.5f, 0.5f, 30.5f, 3.5f}});
}
