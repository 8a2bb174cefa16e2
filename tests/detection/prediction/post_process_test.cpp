#include "detection/prediction/post_process.h"

#include <doctest/doctest.h>

using namespace denovo;
using namespace denovo::detection;

namespace {

/// Two images of 64 x 96 network pixels, made of 128 x 192 and 32 x 48; three slots each, of which
/// two and one are used. Keypoints of slot d of image n begin at (10 n + d, 2, score 0.5 + 0.1 d).
Detections found() {
  std::vector<float> keypoints;
  for (int n = 0; n < 2; ++n)
    for (int d = 0; d < 3; ++d)
      for (int j = 0; j < 2; ++j)
        keypoints.insert(keypoints.end(), {10.f * n + d + j, 2.f, 0.5f + 0.1f * d});
  return {.boxes = Tensor::from<float>({2, 3, 4}, {10, 20, 30,  40, 5, 6, 7, 8, 0, 0, 0, 0,  //
                                                   4,  8,  120, 64, 0, 0, 0, 0, 0, 0, 0, 0}),
          .scores = Tensor::from<float>({2, 3}, {0.9f, 0.8f, 0, 0.7f, 0, 0}),
          .classes = Tensor::from<int32_t>({2, 3}, {0, 1, -1, 1, -1, -1}),
          .counts = Tensor::from<int32_t>({2}, {2, 1}),
          .masks = {},
          .keypoints = Tensor::from({6, 2, 3}, keypoints)};
}

std::vector<ImageDetections> processed(const CategoryIds& ids, const ModelConfig& config = {}) {
  const Tensor sizes = Tensor::from<int32_t>({2, 2}, {64, 96, 64, 96});
  return post_process(found(), sizes, Tensor::from<int32_t>({2, 2}, {128, 192, 32, 48}),
                      Tensor::from<int64_t>({2}, {7, 8}), ids, config);
}

std::vector<double> keypoints_of(const data::Detection& detection) {
  return {detection.keypoints.begin(), detection.keypoints.end()};
}

}  // namespace

TEST_CASE("post_process: boxes are clipped, keypoints become indices of pixels of the original") {
  const auto images = processed({3, 5});
  REQUIRE(images[0].detections.size() == 2);
  CHECK(images[0].detections[0].bbox == std::array<double, 4>{20, 40, 40, 40});
  // The network's pixel centre 0.5 would be the original's 1, which lies between pixels 0 and 1.
  CHECK(keypoints_of(images[0].detections[0]) ==
        std::vector<double>{-0.5, 3.5, 0.5, 1.5, 3.5, 0.5});
  CHECK(keypoints_of(images[0].detections[1]) ==
        std::vector<double>{1.5, 3.5, double(0.6f), 3.5, 3.5, double(0.6f)});
  REQUIRE(images[1].detections.size() == 1);
  CHECK(images[1].detections[0].bbox == std::array<double, 4>{2, 4, 46, 28});
  CHECK(keypoints_of(images[1].detections[0]) == std::vector<double>{4.5, 0.5, 0.5, 5, 0.5, 0.5});
}

TEST_CASE("post_process: what is left out takes its keypoints along") {
  const auto images = processed({std::nullopt, 5});
  REQUIRE(images[0].detections.size() == 1);
  CHECK(images[0].keypoints.size() == 6);
  CHECK(keypoints_of(images[0].detections[0])[0] == 1.5);
}

TEST_CASE("post_process: torchvision's keypoints are at the corners of pixels") {
  ModelConfig config;
  config.keypoint.pixel_centers = false;
  const auto images = processed({3, 5}, config);
  CHECK(keypoints_of(images[0].detections[0]) == std::vector<double>{0, 4, 0.5, 2, 4, 0.5});
}
