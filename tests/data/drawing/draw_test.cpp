#include "data/drawing/draw.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.h"

using namespace denovo;
using namespace denovo::data;

namespace {

/// One character a pixel: '#' where red is set.
std::string picture(const Image& image) {
  std::string text;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) text += image.pixel(y, x)[0] > 127 ? '#' : '.';
    text += '\n';
  }
  return text;
}

constexpr Rgb8 kWhite{255, 255, 255}, kBlack{0, 0, 0};

}  // namespace

TEST_CASE("draw_box: a frame inside the rounded box, cut off at the border") {
  Image image(5, 8);
  draw_box(image, {1.2f, 0.8f, 5.5f, 4.f}, kWhite);
  CHECK(picture(image) ==
        ".#####..\n"
        ".#...#..\n"
        ".#...#..\n"
        ".#####..\n"
        "........\n");
  Image other(3, 4);
  draw_box(other, {-5, 1, 2, 90}, kWhite);
  CHECK(picture(other) == "....\n##..\n.#..\n");
}

TEST_CASE("draw_box: positions that are no numbers or far away draw something or nothing") {
  Image image(4, 4);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  draw_box(image, {nan, nan, nan, nan}, kWhite);
  draw_box(image, {-1e30f, -1e30f, 1e30f, 1e30f}, kWhite, 3);
  CHECK(picture(image) == picture(Image(4, 4)));
}

TEST_CASE("draw_line: from pixel to pixel, cut off at the border") {
  Image image(4, 6);
  draw_line(image, {1.5f, 0.5f, 4.5f, 3.5f}, kWhite);
  CHECK(picture(image) ==
        ".#....\n"
        "..#...\n"
        "...#..\n"
        "....#.\n");
  Image other(3, 4);
  draw_line(other, {-2, 1, 9, 1}, kWhite);
  draw_line(other, {2, 2, 2, 2}, kWhite);
  CHECK(picture(other) == "....\n####\n..#.\n");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  draw_line(other, {nan, 0, 1e30f, -1e30f}, kWhite, 3);
}

TEST_CASE("draw_text: glyphs stand upright on their ground") {
  Image image(9, 13);
  draw_text(image, 0, 0, "F1", kWhite, kBlack);
  CHECK(picture(image) ==
        ".............\n"
        ".#####...#...\n"
        ".#......##...\n"
        ".#.......#...\n"
        ".####....#...\n"
        ".#.......#...\n"
        ".#.......#...\n"
        ".#......###..\n"
        ".............\n");
}

TEST_CASE("draw_text: a character beyond ASCII takes one place") {
  Image one(9, 20), two(9, 20);
  draw_text(one, 0, 0, "\xC3\xBC", kWhite, kBlack);
  draw_text(two, 0, 0, "\x01", kWhite, kBlack);
  CHECK(picture(one) == picture(two));
}

TEST_CASE("draw_mask: blends inside, draws the border in full, leaves the rest") {
  std::vector<uint8_t> mask(25, 0);
  for (int y = 1; y < 4; ++y) {
    for (int x = 1; x < 4; ++x) mask[y * 5 + x] = 1;
  }
  Image image(5, 5);
  draw_mask(image, rle_encode(mask.data(), 5, 5, MaskOrder::kRowMajor), {200, 100, 0}, 0.5f);
  CHECK(image.pixel(0, 0)[0] == 0);
  CHECK(image.pixel(1, 1)[0] == 200);
  CHECK(image.pixel(2, 2)[0] == 100);
  CHECK(image.pixel(2, 2)[1] == 50);
  Image wrong(4, 5);
  CHECK_THROWS_WITH_AS(
      draw_mask(wrong, rle_encode(mask.data(), 5, 5, MaskOrder::kRowMajor), kWhite),
      "draw_mask: the mask must be of the image's size 4x5, got 5x5", ShapeError);
}

TEST_CASE("class_colour: any two of the first 20 classes differ visibly") {
  for (int a = 0; a < 20; ++a) {
    for (int b = 0; b < a; ++b) {
      CAPTURE(a);
      CAPTURE(b);
      int difference = 0;
      for (int c = 0; c < 3; ++c) difference += std::abs(class_colour(a)[c] - class_colour(b)[c]);
      CHECK(difference >= 40);
    }
  }
}

TEST_CASE("draw_instances: labels stay inside the image") {
  Image image(40, 60);
  draw_instances(image, {{.class_index = 1,
                          .box = {40, 0, 70, 20},
                          .mask = {},
                          .label = score_label("cross", 0.876f)}});
  CHECK(score_label("cross", 0.876f) == "cross 88%");
  CHECK(image != Image(40, 60));
}

TEST_CASE("side_by_side: images stand under their captions with a gap between them") {
  const Image sheet = side_by_side({Image(10, 20), Image(15, 30)}, {"a", "b"});
  CHECK(sheet.width == 56);
  CHECK(sheet.height == 24);
  CHECK(sheet.pixel(9, 0)[0] == 0);
  CHECK(sheet.pixel(9, 22)[0] == 255);
}

TEST_CASE("place_in_sheet: finds the images of a sheet again, under captions of any size") {
  for (const int height : {20, 495, 499, 500, 1000, 1499}) {
    Image left(height, 30), right(height, 30);
    std::fill(left.rgb.begin(), left.rgb.end(), 100);
    std::fill(right.rgb.begin(), right.rgb.end(), 200);
    const Image sheet = side_by_side({left, right}, {"a", "b"});
    for (const int index : {0, 1}) {
      const SheetPlace place = place_in_sheet({sheet.height, sheet.width}, 2, index);
      CHECK(crop(sheet, place.y, place.x, place.height, place.width) == (index ? right : left));
    }
  }
}
