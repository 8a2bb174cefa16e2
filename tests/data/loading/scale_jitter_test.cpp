// Large-scale jitter: sizes, crops, and what they leave of objects.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>

#include "core/raster/polygon.h"
#include "data/loading/batch_builder.h"
#include "data/loading/visible_objects.h"
#include "testing/draw.h"
#include "tests/data/coco/json_text_file.h"
#include "tests/data/loading/small_dataset.h"

using namespace denovo;
using namespace denovo::data;
using denovo::data::testing::SmallDataset;
using denovo::testing::Draw;
using denovo::testing::JsonTextFile;

namespace {

const InputRule kRule{.jitter = {.side = 32}};

PlannedImage planned(int image, const ImageTransform& transform) {
  return {image, 0, transform};
}

/// A star around a point, inside the image.
std::vector<double> drawn_polygon(Draw& draw, int height, int width) {
  const int cx = 5 + draw.below(width - 10), cy = 5 + draw.below(height - 10);
  const double reach = std::min({cx, width - cx, cy, height - cy});
  const int count = 3 + draw.below(8);
  std::vector<double> xy;
  for (int k = 0; k < count; ++k) {
    const double angle = 2 * std::numbers::pi * (k + draw.below(100) / 100.0) / count;
    const double radius = reach * (20 + draw.below(81)) / 100;
    xy.push_back(cx + radius * std::cos(angle));
    xy.push_back(cy + radius * std::sin(angle));
  }
  return xy;
}

/// An image of tests/oracles/scale_jitter.py with its object, and what is done to it.
struct Drawn {
  CocoDataset coco;
  ImageTransform transform;
};

Drawn drawn(int index) {
  Draw draw(static_cast<uint64_t>(index));
  const int height = 20 + draw.below(700), width = 20 + draw.below(700);
  const int side = 32 * (1 + draw.below(12));
  const double scale = draw.below(1 << 24) * 0x1p-24, place = draw.below(1 << 24) * 0x1p-24;
  const bool flipped = draw.below(2) == 1;
  const std::vector<double> xy = drawn_polygon(draw, height, width);
  std::string keypoints;
  for (int k = 0; k < 3; ++k) {
    const int x = draw.below(width), y = draw.below(height);
    keypoints += fmt::format("{}{}, {}, 2", k ? ", " : "", x, y);
  }
  InputBox bounds{1e9, 1e9, -1e9, -1e9};
  for (size_t i = 0; i < xy.size(); i += 2)
    bounds = {std::min(bounds[0], xy[i]), std::min(bounds[1], xy[i + 1]),
              std::max(bounds[2], xy[i]), std::max(bounds[3], xy[i + 1])};
  const JsonTextFile file(fmt::format(
      R"({{"images": [{{"id": 10, "file_name": "0.png", "width": {}, "height": {}}}],
          "categories": [{{"id": 7, "name": "b", "keypoints": ["left", "middle", "right"]}}],
          "annotations": [{{"id": 1, "image_id": 10, "category_id": 7, "area": 9,
            "bbox": [{}, {}, {}, {}], "keypoints": [{}], "segmentation": [[{}]]}}]}})",
      width, height, bounds[0], bounds[1], bounds[2] - bounds[0], bounds[3] - bounds[1], keypoints,
      fmt::join(xy, ", ")));
  Drawn result{read_coco(file.path(), StructuralDefects::kThrow, part_for(true, true)),
               jittered_transform({.side = side}, {height, width}, scale, place)};
  result.transform.flipped = flipped;
  return result;
}

/// By looking at each pixel.
InputBox box_of_pixels(const Rle& rle, const PointMap& map) {
  InputBox box{1e9, 1e9, -1e9, -1e9};
  std::vector<uint8_t> mask(static_cast<size_t>(rle.height) * rle.width);
  rle_decode(rle, mask.data(), MaskOrder::kRowMajor);
  for (int y = 0; y < rle.height; ++y) {
    for (int x = 0; x < rle.width; ++x) {
      if (!mask[static_cast<size_t>(y) * rle.width + x]) continue;
      const double a = map.x(x), b = map.x(x + 1);
      const double x0 = std::max(std::min(a, b), 0.0), x1 = std::min(std::max(a, b), map.width),
                   y0 = std::max(map.y(y), 0.0), y1 = std::min(map.y(y + 1), map.height);
      if (x0 >= x1 || y0 >= y1) continue;
      box = {std::min(box[0], x0), std::min(box[1], y0), std::max(box[2], x1),
             std::max(box[3], y1)};
    }
  }
  return box;
}

}  // namespace

TEST_CASE("scale jitter: sizes, crops, boxes and keypoints are detectron2's") {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/loading/scale_jitter.txt");
  int images = 0;
  for (std::string line; std::getline(file, line); ++images) {
    CAPTURE(images);
    std::istringstream words(line);
    std::array<int, 9> expected{};
    for (int& number : expected) words >> number;
    const Drawn image = drawn(images);
    const ImageTransform& t = image.transform;
    const CropWindow window = t.window();
    CHECK(std::array{t.resized.height, t.resized.width, window.top, window.left, window.height,
                     window.width} ==
          std::array{expected[0], expected[1], expected[2], expected[3], expected[4], expected[5]});
    const PointMap map(t);
    const std::vector<int> instances{0};
    const auto objects = visible_objects(image.coco, instances, map, true);
    InputBox box{};
    if (words >> box[0] >> box[1] >> box[2] >> box[3]) {
      REQUIRE(objects.size() == 1);
      for (size_t k = 0; k < 4; ++k) CHECK(std::abs(objects[0].box[k] - box[k]) < 1e-9);
    } else {
      CHECK(objects.empty());
    }
    const auto keypoints = image.coco.keypoints(image.coco.annotations()[0]);
    for (size_t k = 0; k < 3; ++k)
      CHECK(map.sees(map.x(keypoints[3 * k] + 0.5), map.y(keypoints[3 * k + 1] + 0.5)) ==
            (expected[6 + k] == 1));
  }
  CHECK(images == 300);
}

TEST_CASE("scale jitter: draws by image and epoch alone, all scales and places, within the rule") {
  const InputRule rule{.jitter = {.side = 64, .min_scale = 0.5, .max_scale = 2}};
  const ImageSize original{50, 100};
  int small = 0, flipped = 0, at_start = 0, cropped = 0;
  for (int64_t id = 0; id < 1000; ++id) {
    const ImageTransform t = training_transform(rule, original, 1, 3, id);
    CHECK(t.resized.width >= 32);
    CHECK(t.resized.width <= 128);
    CHECK(std::abs(2 * t.resized.height - t.resized.width) <= 1);
    CHECK(t.input() == ImageSize{std::min(t.resized.height, 64), std::min(t.resized.width, 64)});
    CHECK(t.crop.has_value() == (t.resized.width > 64));
    small += t.resized.width <= 64;
    flipped += t.flipped;
    if (!t.crop) continue;
    ++cropped;
    CHECK(t.crop->left + t.crop->width <= t.resized.width);
    CHECK(t.crop->top == 0);  // never higher than the square
    at_start += t.crop->left <= (t.resized.width - 64) / 2;
  }
  // Five deviations each.
  CHECK(std::abs(small - 333) < 75);
  CHECK(std::abs(flipped - 500) < 80);
  CHECK(std::abs(2 * at_start - cropped) < 135);
  CHECK(training_transform(rule, original, 1, 3, 7).resized ==
        training_transform(rule, original, 1, 3, 7).resized);
  CHECK(training_transform(rule, original, 1, 3, 7).resized !=
        training_transform(rule, original, 1, 4, 7).resized);
}

TEST_CASE("scale jitter: every batch has the padded size and the capacities of the rule") {
  const SmallDataset dataset({{24, 40}, {90, 20}, {30, 30}});
  const BatchBuilder builder(dataset.files(), dataset.view, {.rule = kRule, .seed = 1});
  BatchOrder order(dataset.coco, dataset.view.images, kRule, 4, 1);
  for (int i = 0; i < 10; ++i) {
    const Batch batch = builder.build(order.next());
    CHECK(batch.images.shape() == Shape{4, 32, 32, 3});
    CHECK(batch.boxes.shape() == Shape{4, 8, 4});
    CHECK(batch.polygon_xy.shape() == Shape{4, 8, 2});
  }
}

TEST_CASE("scale jitter: pixels are those of the crop, mirrored where flipped, zero beyond") {
  const SmallDataset dataset({{24, 40}});
  const BatchBuilder builder(dataset.files(), dataset.view, {.rule = kRule, .seed = 1});
  const ImageTransform transform{.original = {24, 40},
                                 .resized = {36, 60},
                                 .flipped = true,
                                 .crop = CropWindow{3, 20, 32, 30}};
  const Batch batch = builder.build(std::vector{planned(0, transform)});
  CHECK(batch.image_sizes.to_vector<int32_t>() == std::vector<int32_t>{32, 30});
  CHECK(batch.transforms.to_vector<float>() == std::vector<float>{1.5, 1.5, 1, 50, 3});
  Image expected = crop(resize_bilinear(read_image(dataset.path("0.png")), 36, 60), 3, 20, 32, 30);
  flip_horizontal(expected);
  const uint8_t* pixels = batch.images.data<uint8_t>();
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      for (int c = 0; c < 3; ++c)
        REQUIRE(int(pixels[(y * 32 + x) * 3 + c]) == (x < 30 ? int(expected.pixel(y, x)[c]) : 0));
}

TEST_CASE("scale jitter: what a crop leaves of a triangle, and of nothing") {
  // Image 0: the triangle (2, 1) (10, 1) (2, 9), and the pixels [0, 2] x [0, 2] as run lengths.
  const SmallDataset dataset({{24, 40}});
  const BatchBuilder builder(dataset.files(), dataset.view, {.rule = kRule, .seed = 1});
  const auto batch_of = [&](const CropWindow& window, bool flipped) {
    return builder.build(std::vector{planned(
        0, {.original = {24, 40}, .resized = {24, 40}, .flipped = flipped, .crop = window})});
  };
  const auto boxes_of = [](const Batch& batch) {
    const auto all = batch.boxes.to_vector<float>();
    return std::vector(all.begin(), all.begin() + 8);
  };
  const auto classes_of = [](const Batch& batch) {
    const auto all = batch.classes.to_vector<int32_t>();
    return std::vector(all.begin(), all.begin() + 3);
  };
  // At x = 6 the long side is at y = 5: not [0, 1, 4, 9], as cutting the box would say.
  const Batch right = batch_of({0, 6, 24, 30}, false);
  CHECK(boxes_of(right) == std::vector<float>{0, 1, 4, 5, 0, 0, 0, 0});
  CHECK(classes_of(right) == std::vector<int32_t>{1, -1, -1});
  const auto xy = right.polygon_xy.to_vector<float>();
  CHECK(std::vector(xy.begin(), xy.begin() + 6) == std::vector<float>{-4, 1, 4, 1, -4, 9});
  CHECK(boxes_of(batch_of({0, 6, 24, 30}, true)) == std::vector<float>{26, 1, 30, 5, 0, 0, 0, 0});
  // The triangle without its first row; then both whole, and one of the four pixels.
  CHECK(boxes_of(batch_of({2, 1, 22, 30}, false)) == std::vector<float>{1, 0, 8, 7, 0, 0, 0, 0});
  CHECK(boxes_of(batch_of({1, 1, 22, 30}, false)) == std::vector<float>{1, 0, 9, 8, 0, 0, 1, 1});
  // Nothing: the crop only touches the triangle's corner.
  const Batch nothing = batch_of({0, 10, 24, 30}, false);
  CHECK(classes_of(nothing) == std::vector<int32_t>{-1, -1, -1});
  CHECK(nothing.instance_polygons.to_vector<int32_t>() == std::vector<int32_t>(9, 0));
  // Its box reaches into this crop, the triangle does not.
  CHECK(classes_of(batch_of({6, 6, 18, 30}, false)) == std::vector<int32_t>{-1, -1, -1});
}

TEST_CASE("scale jitter: keypoints beyond the crop are missing, the others keep their places") {
  const SmallDataset pictures({{24, 40}});
  const JsonTextFile file(
      R"({"images": [{"id": 10, "file_name": "0.png", "width": 40, "height": 24}],
          "categories": [{"id": 7, "name": "b", "keypoints": ["left", "top", "right"]}],
          "annotations": [{"id": 1, "image_id": 10, "category_id": 7, "bbox": [2, 1, 18, 8],
            "area": 9, "keypoints": [2, 1, 2, 9, 3, 1, 15, 4, 2]}]})");
  const CocoDataset coco = read_coco(file.path(), StructuralDefects::kThrow, part_for(false, true));
  const TrainingView view = training_view(coco, {.masks = false, .num_keypoints = 3});
  const BatchBuilder builder({coco, pictures.path("")}, view,
                             {.rule = kRule, .masks = false, .seed = 1});
  const auto keypoints = [&](bool flipped) {
    const Batch batch = builder.build(std::vector{planned(0, {.original = {24, 40},
                                                              .resized = {24, 40},
                                                              .flipped = flipped,
                                                              .crop = CropWindow{2, 8, 22, 30}})});
    const auto box = batch.boxes.to_vector<float>();
    CHECK(std::vector(box.begin(), box.begin() + 4) ==
          (flipped ? std::vector<float>{18, 0, 30, 7} : std::vector<float>{0, 0, 12, 7}));
    const auto all = batch.keypoints.to_vector<float>();
    return std::vector(all.begin(), all.begin() + 9);
  };
  CHECK(keypoints(false) == std::vector<float>{0, 0, 0, 1.5, 1.5, 1, 7.5, 2.5, 2});
  CHECK(keypoints(true) == std::vector<float>{22.5, 2.5, 2, 28.5, 1.5, 1, 0, 0, 0});
}

TEST_CASE("scale jitter: a crop inside an object is its box, and a hole in the crop's way none") {
  const std::vector<double> ring = {0, 0, 10, 0, 10, 10, 0, 10, 0, 0,  // and back inside
                                    2, 2, 2,  8, 8,  8,  8, 2,  2, 2};
  const auto box_of = [&](double x, double y, double width, double height) {
    std::vector<double> moved = ring;
    for (size_t i = 0; i < moved.size(); i += 2) {
      moved[i] -= x;
      moved[i + 1] -= y;
    }
    return box_of_clipped_polygon(moved, width, height);
  };
  CHECK(box_of(-1, -1, 20, 20) == InputBox{1, 1, 11, 11});
  CHECK(box_of(0.5, 0.5, 1, 1) == InputBox{0, 0, 1, 1});
  CHECK(box_of(3, 3, 4, 4)[2] < box_of(3, 3, 4, 4)[0]);  // in the hole
  CHECK(box_of(3, 3, 6, 3) == InputBox{5, 0, 6, 3});     // the right side of the ring
  CHECK(box_of(20, 0, 4, 4)[2] < box_of(20, 0, 4, 4)[0]);
}

TEST_CASE("scale jitter: the box of cropped run lengths is that of their pixels") {
  int seen = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    Draw draw(static_cast<uint64_t>(1000 + i));
    const int height = 20 + draw.below(60), width = 20 + draw.below(60);
    const Rle rle = rle_from_polygon(drawn_polygon(draw, height, width), height, width);
    const JsonTextFile file(fmt::format(
        R"({{"images": [{{"id": 10, "file_name": "0.png", "width": {0}, "height": {1}}}],
            "categories": [{{"id": 7, "name": "b"}}],
            "annotations": [{{"id": 1, "image_id": 10, "category_id": 7, "area": 9,
              "bbox": [-1, -1, {0}, {1}],
              "segmentation": {{"size": [{1}, {0}], "counts": [{2}]}}}}]}})",
        width, height, fmt::join(rle.counts, ", ")));
    const CocoDataset coco = read_coco(file.path());
    ImageTransform transform =
        jittered_transform({.side = 32}, {height, width}, 0.5 + i / 120.0, draw.below(100) / 100.0);
    if (!transform.crop) continue;
    transform.flipped = i % 2 == 1;
    const PointMap map(transform);
    const auto objects = visible_objects(coco, std::vector{0}, map, true);
    const InputBox expected = box_of_pixels(rle, map);
    REQUIRE(objects.size() == (expected[2] > expected[0] ? 1 : 0));
    if (objects.empty()) continue;
    ++seen;
    for (size_t k = 0; k < 4; ++k) CHECK(std::abs(objects[0].box[k] - expected[k]) < 1e-9);
    const auto boxes_only = visible_objects(coco, std::vector{0}, map, false);
    CHECK(boxes_only[0].box != objects[0].box);
  }
  CHECK(seen > 20);
}
