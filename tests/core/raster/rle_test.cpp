#include "core/raster/rle.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/kernels/random.h"

using namespace denovo;

TEST_CASE("rle: the published strings read and write") {
  struct Golden {
    int height, width;
    std::vector<uint32_t> counts;
    const char* text;
  };
  const Golden goldens[] = {{4, 5, {3, 2, 5, 1, 9}, "325O4"},
                            {4, 5, {20}, "d0"},
                            {4, 5, {0, 20}, "0d0"},
                            {500, 500, {100000, 31, 32, 15, 149922}, nullptr}};
  for (const Golden& golden : goldens) {
    const Rle rle{golden.height, golden.width, golden.counts};
    if (golden.text) CHECK(rle_to_string(rle) == golden.text);
    CHECK(rle_from_string(rle_to_string(rle), golden.height, golden.width) == rle);
  }
  // Only a prefix of a legal mask, but the form of its differences is published.
  CHECK(rle_to_string(Rle{1000, 1000, {100000, 31, 32, 15, 16}}) == "PeQ3o0P1@@");
}

TEST_CASE("rle: hostile strings are refused by name") {
  const auto read = [](std::string_view text) { rle_from_string(text, 4, 5); };
  CHECK_THROWS_WITH_AS(read("32 O4"),
                       "rle: characters must be 48 to 111, got byte 32 at character 2", IoError);
  CHECK_THROWS_WITH_AS(read("3p"), "rle: characters must be 48 to 111, got byte 112 at character 1",
                       IoError);
  CHECK_THROWS_WITH_AS(read("325Oo"),
                       "rle: a value must end with a last group, got the end at character 5",
                       IoError);
  CHECK_THROWS_WITH_AS(read("ooooooo0"),
                       "rle: a value must have at most 7 groups, got byte 111 at character 6",
                       IoError);
  CHECK_THROWS_WITH_AS(read("325O5"),
                       "rle: counts must be 0 or more and sum to height * width = 20, got 10 at "
                       "character 4",
                       IoError);
  CHECK_THROWS_WITH_AS(read("325O3"), "rle: counts must sum to height * width = 20, got 19",
                       IoError);
  CHECK_THROWS_WITH_AS(read("O"),
                       "rle: counts must be 0 or more and sum to height * width = 20, got -1 at "
                       "character 0",
                       IoError);
  CHECK_THROWS_WITH_AS(read(""), "rle: counts must sum to height * width = 20, got 0", IoError);
  CHECK_THROWS_WITH_AS(rle_from_string("0", 70000, 1),
                       "rle: height and width must be 0 to 65500, got 70000 x 1", IoError);
  CHECK_THROWS_WITH_AS(check_mask_size(60000, 60000),
                       "rle: height * width must be at most 178956970, got 60000 x 60000", IoError);
  CHECK_THROWS_WITH_AS(check_rle(Rle{4, 5, {3, 0xFFFFFFFFu, 18}}),
                       "rle: counts must sum to height * width = 20, got 4294967316", IoError);
}

TEST_CASE("rle: both pixel orders describe the same mask") {
  const uint8_t rows[] = {0, 1, 1,  //
                          0, 7, 0};
  const uint8_t columns[] = {0, 0, 1, 255, 1, 0};
  const Rle expected{2, 3, {2, 3, 1}};
  CHECK(rle_encode(rows, 2, 3, MaskOrder::kRowMajor) == expected);
  CHECK(rle_encode(columns, 2, 3, MaskOrder::kColumnMajor) == expected);
  uint8_t decoded[6];
  rle_decode(expected, decoded, MaskOrder::kRowMajor);
  for (int i = 0; i < 6; ++i) CHECK(decoded[i] == (rows[i] != 0));
}

TEST_CASE("rle: a mask without rows decodes to nothing") {
  const Rle rle = rle_from_string("00", 0, 5);
  uint8_t untouched = 7;
  rle_decode(rle, &untouched, MaskOrder::kRowMajor);
  CHECK(untouched == 7);
  CHECK(rle_bounding_box(rle) == RleBox{});
}

TEST_CASE("rle: a window is encoded as if it were pasted on the image") {
  const RandomStream random{1, RandomPurpose::kTest};
  uint32_t draw = 0;
  for (int round = 0; round < 300; ++round) {
    const int height = 1 + random.below(draw++, 40), width = 1 + random.below(draw++, 150);
    const int h = random.below(draw++, height + 1), w = random.below(draw++, width + 1);
    const int y = random.below(draw++, height - h + 1), x = random.below(draw++, width - w + 1);
    std::vector<uint8_t> window(h * w + 1), image(height * width);
    for (int i = 0; i < h * w; ++i) {
      window[i] = random.below(draw++, 4) > 0;
      image[(y + i / w) * width + x + i % w] = window[i];
    }
    CHECK(rle_encode_window(window.data(), x, y, h, w, height, width) ==
          rle_encode(image.data(), height, width, MaskOrder::kRowMajor));
  }
  CHECK_THROWS_WITH_AS(rle_encode_window(nullptr, 1, 0, 2, 3, 2, 3),
                       "rle_encode_window: window must lie in the 2 x 3 image, got 2 x 3 at (1, 0)",
                       ShapeError);
}

TEST_CASE("rle: masks of different sizes have IoU -1 and do not merge") {
  const Rle a{2, 2, {0, 4}}, b{2, 3, {0, 6}};
  CHECK(rle_iou(a, b, false) == -1);
  const RleView both[] = {a, b};
  CHECK_THROWS_WITH_AS(rle_merge(both, RleMerge::kUnion),
                       "rle_merge: masks must have one size, got 2 x 2 and 2 x 3", ShapeError);
  CHECK(rle_merge({}, RleMerge::kUnion) == Rle{});
}
