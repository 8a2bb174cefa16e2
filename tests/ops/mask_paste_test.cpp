#include "ops/mask_paste/mask_paste.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "testing/draw.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::MaskPaste;

static const NoGradientOp mask_paste_op("mask_paste", "results for the evaluation");

namespace {

struct Image {
  Tensor masks, boxes;
  int height, width;
};

Image draw_image(int index) {
  constexpr int kDetections = 5;
  Draw draw(index);
  const bool exact = index % 4 == 3;
  const int grid = index % 2 ? 28 : 14;
  const int height = 20 + draw.below(200), width = 20 + draw.below(200);
  std::vector<float> masks, boxes;
  for (int d = 0; d < kDetections; ++d) {
    for (int i = 0; i < grid * grid; ++i)
      masks.push_back(static_cast<float>(exact ? draw.below(2) : draw.below(65536) / 65535.0));
    double x0 = draw.below(10 * width) / 10.0 - width / 4.0;
    double y0 = draw.below(10 * height) / 10.0 - height / 4.0;
    double w = draw.below(10 * width) / 10.0, h = draw.below(10 * height) / 10.0;
    if (exact) {
      x0 = std::trunc(x0), y0 = std::trunc(y0);
      w = grid / 2 * (1 << draw.below(4)), h = grid / 2 * (1 << draw.below(4));
    }
    for (const double v : {x0, y0, x0 + w, y0 + h}) boxes.push_back(static_cast<float>(v));
  }
  return {Tensor::from({kDetections, grid, grid}, masks), Tensor::from({kDetections, 4}, boxes),
          height, width};
}

uint32_t digest(const Rle& rle) {
  std::vector<uint8_t> mask(static_cast<size_t>(rle.height) * rle.width);
  rle_decode(rle, mask.data(), MaskOrder::kRowMajor);
  return crc32(mask);
}

/// Every mask that the oracle found comparable.
void check_digests(MaskPaste rule) {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/mask_paste/digests.txt");
  int compared = 0;
  for (int index = 0; index < 40; ++index) {
    const Image image = draw_image(index);
    const auto masks = ops::paste_masks(image.masks, image.boxes, image.height, image.width, rule);
    for (const Rle& mask : masks) {
      std::string continuous, whole;
      file >> continuous >> whole;
      const std::string& expected = rule == MaskPaste::kContinuous ? continuous : whole;
      REQUIRE(!expected.empty());
      if (expected == "-") continue;
      ++compared;
      CHECK_MESSAGE(digest(mask) == std::stoul(expected, nullptr, 16), "image ", index);
    }
  }
  CHECK(compared > 160);
}

Rle paste_ones(const std::vector<float>& box, int height, int width, MaskPaste rule) {
  return ops::paste_masks(Tensor::full({1, 28, 28}, 1, DType::kF32), Tensor::from({1, 4}, box),
                          height, width, rule)[0];
}

}  // namespace

TEST_CASE("paste_masks: the continuous rule equals detectron2's call of torch.grid_sample") {
  check_digests(MaskPaste::kContinuous);
}

TEST_CASE("paste_masks: the whole-pixel rule equals torchvision") {
  check_digests(MaskPaste::kWholePixel);
}

TEST_CASE("paste_masks: a full mask fills the pixels whose centres lie in the box") {
  // Centres at 2.5 to 4.5 and 1.5 to 2.5; a centre on the border of the box weighs half, so it is
  // in.
  const Rle expected{10, 20, {21, 2, 8, 2, 8, 2, 157}};
  CHECK(paste_ones({2, 1, 5, 3}, 10, 20, MaskPaste::kContinuous) == expected);
  CHECK(paste_ones({1.75f, 0.75f, 5.25f, 3.25f}, 10, 20, MaskPaste::kContinuous) == expected);
  CHECK(paste_ones({2.5f, 1.25f, 4.5f, 2.75f}, 10, 20, MaskPaste::kContinuous) == expected);
}

TEST_CASE("paste_masks: a full mask under the whole-pixel rule includes the last pixel") {
  CHECK(rle_bounding_box(paste_ones({10, 20, 38, 48}, 100, 100, MaskPaste::kWholePixel)) ==
        RleBox{10, 20, 29, 29});
}

TEST_CASE("paste_masks: a box beyond the image is cut, one outside or not finite is empty") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const MaskPaste rule : {MaskPaste::kContinuous, MaskPaste::kWholePixel}) {
    CHECK(paste_ones({-50, -50, 90, 90}, 10, 20, rule) == Rle{10, 20, {0, 200}});
    CHECK(paste_ones({-1e30f, -1e30f, 1e30f, 1e30f}, 10, 20, rule).height == 10);
    for (const std::vector<float>& box : {std::vector<float>{30, 2, 40, 8},
                                          {-30, 2, -20, 8},
                                          {2, 2, nan, 8},
                                          {2, 2, inf, 8},
                                          {9, 9, 2, 2},
                                          {3e9f, 0, 4e9f, 9}})
      CHECK(paste_ones(box, 10, 20, rule) == Rle{10, 20, {200}});
  }
}

TEST_CASE("paste_masks: no detections give no masks") {
  CHECK(ops::paste_masks(Tensor::empty({0, 28, 28}, DType::kF32),
                         Tensor::empty({0, 4}, DType::kF32), 10, 10, MaskPaste::kContinuous)
            .empty());
}

TEST_CASE("paste_masks: refuses what its contract excludes") {
  const Tensor masks = Tensor::zeros({2, 28, 28}, DType::kF32);
  const Tensor boxes = Tensor::zeros({2, 4}, DType::kF32);
  const auto rule = MaskPaste::kContinuous;
  CHECK_THROWS_WITH_AS(ops::paste_masks(boxes, boxes, 9, 9, rule),
                       "paste_masks: probabilities must be f32 [D, S, S], got f32 [2, 4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::paste_masks(masks, boxes.rows(0, 1), 9, 9, rule),
                       "paste_masks: boxes must be f32 [2, 4], got f32 [1, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::paste_masks(masks, boxes, 0, 9, rule),
                       "paste_masks: the image must have pixels, got 0 x 9", ShapeError);
}
