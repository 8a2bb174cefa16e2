#include "data/image/resize.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;

TEST_CASE("resize_bilinear: every byte is Pillow's, enlarging and shrinking, one side or both") {
  const std::string folder = DENOVO_TEST_DATA "/data_files/image/";
  const Image image = read_image(folder + "rgb.png");
  const ImageSize sizes[] = {{13, 18}, {26, 36}, {9, 18}, {13, 25}, {7, 5}, {31, 11}, {1, 1}};
  for (const auto [height, width] : sizes) {
    const std::string name = std::to_string(height) + "x" + std::to_string(width);
    CAPTURE(name);
    const Image result = resize_bilinear(image, height, width);
    CHECK(result.height == height);
    CHECK(result.width == width);
    CHECK(result.rgb == read_bytes(folder + "resized_" + name + ".rgb"));
  }
}

TEST_CASE("resize_window: is that part of the resized image, byte for byte") {
  const Image image = read_image(DENOVO_TEST_DATA "/data_files/image/rgb.png");
  for (const auto [height, width] : {ImageSize{26, 36}, {9, 18}, {13, 40}, {7, 5}, {13, 18}}) {
    const Image whole = resize_bilinear(image, height, width);
    for (const CropWindow& w : {CropWindow{0, 0, height, width},
                                {1, 2, height - 3, width - 2},
                                {height - 1, 0, 1, 1},
                                {0, 1, height, 3},
                                {2, 0, 4, width}}) {
      CHECK(resize_window(image, {height, width}, w) ==
            crop(whole, w.top, w.left, w.height, w.width));
    }
  }
  CHECK_THROWS_WITH_AS(resize_window(image, {7, 5}, {3, 0, 5, 5}),
                       "resize_window: the window must be inside 7x5, got 5x5 at 3, 0", ShapeError);
}

TEST_CASE("resize_bilinear: a constant image stays constant") {
  Image image(37, 53);
  for (uint8_t& value : image.rgb) value = 201;
  for (const uint8_t value : resize_bilinear(image, 20, 71).rgb) CHECK(value == 201);
}

TEST_CASE("resize_bilinear: refuses empty sides") {
  CHECK_THROWS_WITH_AS(resize_bilinear(Image(2, 3), 0, 4),
                       "resize_bilinear: sides must be positive, got 2x3 to 0x4", ShapeError);
}

TEST_CASE("shortest_edge_size: detectron2's sizes") {
  // Values of detectron2.data.transforms.ResizeShortestEdge.get_output_shape.
  CHECK(shortest_edge_size({480, 640}, 800, 1333) == ImageSize{800, 1067});
  CHECK(shortest_edge_size({640, 480}, 800, 1333) == ImageSize{1067, 800});
  CHECK(shortest_edge_size({427, 640}, 800, 1333) == ImageSize{800, 1199});
  CHECK(shortest_edge_size({300, 640}, 800, 1333) == ImageSize{625, 1333});
  CHECK(shortest_edge_size({500, 500}, 640, 1333) == ImageSize{640, 640});
  CHECK(shortest_edge_size({10, 2000}, 800, 1333) == ImageSize{7, 1333});
  CHECK(shortest_edge_size({480, 640}, 800, 0) == ImageSize{800, 1067});
}
