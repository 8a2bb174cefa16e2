#include "detection/evaluation/gather_detections.h"

#include <doctest/doctest.h>

using namespace denovo;
using namespace denovo::detection;

namespace {

ImageDetections image(int64_t id, bool masks) {
  ImageDetections result;
  result.image_id = id;
  result.height = 3;
  result.width = 2;
  result.classes = {4, 1};
  for (int d = 0; d < 2; ++d) {
    result.detections.push_back(
        {.image_id = id, .category_id = 90 + d, .bbox = {0.5, 1.0 / 3, 1, 2}, .score = 0.1 * d});
  }
  if (!masks) return result;
  result.masks = {{3, 2, {1, 2, 3}}, {3, 2, {6}}};
  for (size_t d = 0; d < 2; ++d) result.detections[d].mask = result.masks[d];
  return result;
}

void check_equal(const ImageDetections& a, const ImageDetections& b) {
  CHECK(a.image_id == b.image_id);
  CHECK(a.height == b.height);
  CHECK(a.width == b.width);
  CHECK(a.classes == b.classes);
  CHECK(a.masks == b.masks);
  REQUIRE(a.detections.size() == b.detections.size());
  for (size_t d = 0; d < a.detections.size(); ++d) {
    const data::Detection &x = a.detections[d], &y = b.detections[d];
    CHECK(x.image_id == y.image_id);
    CHECK(x.category_id == y.category_id);
    CHECK(x.bbox == y.bbox);
    CHECK(x.score == y.score);
    CHECK(std::vector(x.keypoints.begin(), x.keypoints.end()) ==
          std::vector(y.keypoints.begin(), y.keypoints.end()));
    CHECK((x.keypoints.empty() || x.keypoints.data() >= a.keypoints.data()));  // its own copy's
    if (b.masks.empty()) continue;
    CHECK(x.mask.counts.data() == a.masks[d].counts.data());  // its own copy's
    CHECK(x.mask.height == 3);
  }
}

}  // namespace

TEST_CASE("gather_detections: all that an image holds comes back, masks and keypoints or none") {
  std::vector<ImageDetections> sent(3);
  sent[0] = image(7, true);
  sent[1] = image(3, false);
  sent[1].keypoints = {1, 2, 0.5, 3, 4, 0.25};
  for (size_t d = 0; d < 2; ++d)
    sent[1].detections[d].keypoints = std::span<const double>(sent[1].keypoints).subspan(3 * d, 3);
  const auto received = detections_of(to_bytes(sent));
  REQUIRE(received.size() == 3);
  for (size_t i = 0; i < 3; ++i) check_equal(received[i], sent[i]);
  CHECK(detections_of("").empty());
}
