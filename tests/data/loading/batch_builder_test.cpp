#include "data/loading/batch_builder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "tests/data/coco/json_text_file.h"
#include "tests/data/loading/small_dataset.h"

using namespace denovo;
using namespace denovo::data;
using denovo::data::testing::SmallDataset;

namespace {

const BatchBuilderOptions kOptions = {
    .rule = {.short_sides = {24}, .max_size = 0, .flip = true, .padding = Padding::kBucket},
    .seed = 1};

PlannedImage planned(int image, ImageSize original, ImageSize resized, bool flipped) {
  return {image, 0, {original, resized, flipped}};
}

}  // namespace

TEST_CASE("BatchBuilder: pixels are the resized image, mirrored where flipped, zero beyond") {
  const SmallDataset dataset({{24, 40}, {12, 20}});
  const BatchBuilder builder(dataset.files(), dataset.view, kOptions);
  const Batch batch = builder.build(
      std::vector{planned(0, {24, 40}, {24, 40}, false), planned(1, {12, 20}, {24, 40}, true)});
  CHECK(batch.images.shape() == Shape{2, 32, 64, 3});
  CHECK(batch.image_sizes.to_vector<int32_t>() == std::vector<int32_t>{24, 40, 24, 40});
  CHECK(batch.original_sizes.to_vector<int32_t>() == std::vector<int32_t>{24, 40, 12, 20});
  CHECK(batch.image_ids.to_vector<int64_t>() == std::vector<int64_t>{10, 11});
  CHECK(batch.transforms.to_vector<float>() == std::vector<float>{1, 1, 0, 0, 0, 2, 2, 1, 40, 0});
  Image second = resize_bilinear(read_image(dataset.path("1.png")), 24, 40);
  flip_horizontal(second);
  const Image expected[2] = {read_image(dataset.path("0.png")), second};
  const uint8_t* pixels = batch.images.data<uint8_t>();
  for (int n = 0; n < 2; ++n) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 64; ++x) {
        const uint8_t* found = pixels + ((n * 32 + y) * 64 + x) * 3;
        const bool inside = y < 24 && x < 40;
        for (int c = 0; c < 3; ++c) {
          REQUIRE(int(found[c]) == (inside ? int(expected[n].pixel(y, x)[c]) : 0));
        }
      }
    }
  }
}

TEST_CASE("BatchBuilder: boxes and polygons follow resizing and flipping") {
  const SmallDataset dataset({{24, 40}, {12, 20}});
  const BatchBuilder builder(dataset.files(), dataset.view, kOptions);
  const Capacities& capacities = builder.capacities();
  CHECK(capacities.instances == 8);
  CHECK(capacities.vertices == 8);
  CHECK(capacities.polygons == 8);
  CHECK(capacities.runs == 8);
  const Batch batch = builder.build(
      std::vector{planned(0, {24, 40}, {24, 40}, false), planned(1, {12, 20}, {24, 40}, true)});
  const std::vector<float> boxes = batch.boxes.to_vector<float>();
  CHECK(std::vector(boxes.begin(), boxes.begin() + 8) ==
        std::vector<float>{2, 1, 10, 9, 0, 0, 2, 2});
  CHECK(std::vector(boxes.begin() + 32, boxes.begin() + 40) ==
        std::vector<float>{20, 2, 36, 18, 0, 0, 0, 0});
  const std::vector<int32_t> classes = batch.classes.to_vector<int32_t>();
  CHECK(std::vector(classes.begin(), classes.begin() + 3) == std::vector<int32_t>{1, 0, -1});
  CHECK(std::vector(classes.begin() + 8, classes.begin() + 10) == std::vector<int32_t>{1, -1});

  const std::vector<float> xy = batch.polygon_xy.to_vector<float>();
  CHECK(std::vector(xy.begin(), xy.begin() + 6) == std::vector<float>{2, 1, 10, 1, 2, 9});
  CHECK(std::vector(xy.begin() + 16, xy.begin() + 22) == std::vector<float>{36, 2, 20, 2, 36, 18});
  const std::vector<int32_t> starts = batch.polygon_starts.to_vector<int32_t>();
  CHECK(std::vector(starts.begin(), starts.begin() + 9) ==
        std::vector<int32_t>{0, 3, 3, 3, 3, 3, 3, 3, 3});
  const std::vector<int32_t> ranges = batch.instance_polygons.to_vector<int32_t>();
  CHECK(std::vector(ranges.begin(), ranges.begin() + 4) == std::vector<int32_t>{0, 1, 1, 1});
  CHECK(std::vector(ranges.begin() + 9, ranges.begin() + 12) == std::vector<int32_t>{0, 1, 1});
}

TEST_CASE("BatchBuilder: run lengths become ends in the original frame") {
  const SmallDataset dataset({{24, 40}, {24, 40}});
  const BatchBuilder builder(dataset.files(), dataset.view, kOptions);
  const Batch batch = builder.build(
      std::vector{planned(1, {24, 40}, {24, 40}, false), planned(0, {24, 40}, {24, 40}, true)});
  const std::vector<int32_t> ends = batch.run_ends.to_vector<int32_t>();
  CHECK(std::vector(ends.begin() + 8, ends.begin() + 13) ==
        std::vector<int32_t>{0, 2, 24, 26, 960});
  const std::vector<int32_t> ranges = batch.instance_runs.to_vector<int32_t>();
  CHECK(std::vector(ranges.begin(), ranges.begin() + 3) == std::vector<int32_t>{0, 0, 0});
  CHECK(std::vector(ranges.begin() + 9, ranges.begin() + 12) == std::vector<int32_t>{0, 0, 5});
}

TEST_CASE("BatchBuilder: keypoints follow resizing, and change sides in a flipped image") {
  const SmallDataset pictures({{24, 40}, {12, 20}});
  const denovo::testing::JsonTextFile file(
      R"({"images": [{"id": 10, "file_name": "0.png", "width": 40, "height": 24},
                     {"id": 11, "file_name": "1.png", "width": 20, "height": 12}],
          "categories": [{"id": 7, "name": "b", "keypoints": ["left", "top", "right"]}],
          "annotations": [
            {"id": 1, "image_id": 10, "category_id": 7, "bbox": [2, 1, 8, 8], "area": 9,
             "keypoints": [2, 1, 2, 9.5, 1, 1, 6, 4, 0]},
            {"id": 2, "image_id": 10, "category_id": 7, "bbox": [2, 1, 8, 8], "area": 9},
            {"id": 3, "image_id": 11, "category_id": 7, "bbox": [2, 1, 8, 8], "area": 9,
             "keypoints": [2, 1, 2, 9.5, 1, 1, 19.75, 4, 2]}]})");
  const CocoDataset coco = read_coco(file.path(), StructuralDefects::kThrow, part_for(false, true));
  const TrainingView view = training_view(coco, {.masks = false, .num_keypoints = 3});
  BatchBuilderOptions options = kOptions;
  options.masks = false;
  const BatchBuilder builder({coco, pictures.path("")}, view, options);
  const auto keypoints = [&](int image, ImageSize original, bool flipped) {
    const Batch batch = builder.build(std::vector{planned(image, original, {24, 40}, flipped)});
    REQUIRE(batch.keypoints.shape() == Shape{1, 8, 3, 3});
    const auto all = batch.keypoints.to_vector<float>();
    CHECK(std::count(all.begin() + 9, all.end(), 0.f) == 63);  // objects and slots without any
    return std::vector(all.begin(), all.begin() + 9);
  };
  // The centre of pixel (2, 1) is (2.5, 1.5).
  CHECK(keypoints(0, {24, 40}, false) == std::vector<float>{2.5, 1.5, 2, 10, 1.5, 1, 0, 0, 0});
  // Twice as large; the right one is off the image; mirrored at x = 40, left is where right was.
  CHECK(keypoints(1, {12, 20}, false) == std::vector<float>{5, 3, 2, 20, 3, 1, 0, 0, 0});
  CHECK(keypoints(1, {12, 20}, true) == std::vector<float>{0, 0, 0, 20, 3, 1, 35, 3, 2});

  options.keypoint_offset = 0;
  const BatchBuilder corners({coco, pictures.path("")}, view, options);
  const Batch batch = corners.build(std::vector{planned(1, {12, 20}, {24, 40}, true)});
  const auto all = batch.keypoints.to_vector<float>();
  CHECK(std::vector(all.begin() + 3, all.begin() + 9) == std::vector<float>{21, 2, 1, 36, 2, 2});
}

TEST_CASE("BatchBuilder: without masks their tensors stay undefined") {
  const SmallDataset dataset({{24, 40}});
  BatchBuilderOptions options = kOptions;
  options.masks = false;
  const BatchBuilder builder(dataset.files(), dataset.view, options);
  const Batch batch = builder.build(std::vector{planned(0, {24, 40}, {24, 40}, false)});
  CHECK(!batch.polygon_xy.defined());
  CHECK(!batch.run_ends.defined());
  CHECK(!batch.keypoints.defined());
  CHECK(batch.boxes.defined());
}

TEST_CASE("BatchBuilder: a bad image is named, or replaced by one of its shape and counted") {
  const SmallDataset dataset({{24, 40}, {24, 40}, {40, 24}, {24, 40}});
  write_bytes(dataset.path("1.png"), std::vector<uint8_t>{1, 2, 3});
  write_image(dataset.path("3.png"), Image(20, 40));
  BatchBuilderOptions options = kOptions;
  const std::vector plan = {planned(1, {24, 40}, {24, 40}, false),
                            planned(3, {24, 40}, {24, 40}, true)};
  const BatchBuilder strict(dataset.files(), dataset.view, options);
  CHECK_THROWS_WITH_AS(
      strict.build(std::span(plan).first(1)),
      (dataset.path("1.png") + ": must be a JPEG or PNG file, got one that starts with 01 02 03")
          .c_str(),
      IoError);
  CHECK_THROWS_WITH_AS(strict.build(std::span(plan).subspan(1)),
                       (dataset.path("3.png") +
                        ": image 13: width and height must be those of the decoded file, got 40 x "
                        "24 for a file of 40 x 20")
                           .c_str(),
                       IoError);
  options.skip_bad_images = true;
  const BatchBuilder lenient(dataset.files(), dataset.view, options);
  const Batch batch = lenient.build(plan);
  CHECK(batch.image_ids.to_vector<int64_t>() == std::vector<int64_t>{10, 10});
  CHECK(lenient.images().num_substitutions() == 2);
  CHECK(lenient.images().bad_images().size() == 2);
  std::filesystem::remove(dataset.path("2.png"));
  CHECK_THROWS_AS(lenient.build(std::vector{planned(2, {40, 24}, {40, 24}, false)}), IoError);
}

TEST_CASE("BatchBuilder: a photograph that EXIF turns is in the batch as viewers show it") {
  const std::string turned = DENOVO_TEST_DATA "/data_files/image/orientation_6.jpg";  // 18 x 13
  const SmallDataset dataset({{18, 13}});
  std::filesystem::remove(dataset.path("0.png"));
  std::filesystem::copy(turned, dataset.path("0.png"));
  const BatchBuilder builder(dataset.files(), dataset.view, kOptions);
  const Batch batch = builder.build(std::vector{planned(0, {18, 13}, {18, 13}, false)});
  CHECK(batch.image_sizes.to_vector<int32_t>() == std::vector<int32_t>{18, 13});
  const Image expected = read_image(turned);
  const int64_t row_bytes = 3 * batch.images.shape()[2];
  for (int y = 0; y < 18; ++y)
    for (int b = 0; b < 39; ++b)
      REQUIRE(batch.images.data<uint8_t>()[y * row_bytes + b] == expected.row(y)[b]);
}

TEST_CASE("BatchBuilder: keeps decoded images up to the limit and not beyond") {
  const SmallDataset dataset({{24, 40}, {24, 40}});
  BatchBuilderOptions options = kOptions;
  options.cache_bytes = 24 * 40 * 3 + 100;
  const BatchBuilder builder(dataset.files(), dataset.view, options);
  const std::vector plan = {planned(0, {24, 40}, {24, 40}, false),
                            planned(1, {24, 40}, {24, 40}, false)};
  const Batch first = builder.build(plan);
  CHECK(builder.images().bytes() == 24 * 40 * 3);
  CHECK(builder.build(plan).images.to_vector<uint8_t>() == first.images.to_vector<uint8_t>());
  std::filesystem::remove(dataset.path("0.png"));
  CHECK_NOTHROW(builder.build(std::span(plan).first(1)));
}

TEST_CASE("image_batch: mirrors the image, not what pads it") {
  Image image(20, 30);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>(i * 7 % 251);
  const InputRule rule{.short_sides = {20}, .max_size = 0};
  const Batch plain = image_batch(std::span(&image, 1), rule),
              mirrored = image_batch(std::span(&image, 1), rule, true);
  const auto before = plain.images.to_vector<uint8_t>(),
             after = mirrored.images.to_vector<uint8_t>();
  const auto width = static_cast<size_t>(plain.images.size(2));
  REQUIRE(width > 30);
  int differing = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const size_t c = i % 3, x = i / 3 % width, row = i / 3 / width;
    const size_t from = x < 30 ? 3 * (row * width + 29 - x) + c : i;
    differing += after[i] != before[from];
  }
  CHECK(differing == 0);
  CHECK(mirrored.image_sizes.to_vector<int32_t>() == std::vector<int32_t>{20, 30});
}

TEST_CASE("image_batch: pads images of several shapes to one size") {
  const std::vector<Image> images = {Image(24, 40), Image(50, 20)};
  const Batch batch = image_batch(images, {.short_sides = {20}, .max_size = 0});
  CHECK(batch.images.shape() == Shape{2, 64, 64, 3});
  CHECK(batch.image_sizes.to_vector<int32_t>() == std::vector<int32_t>{20, 33, 50, 20});
  CHECK(batch.image_ids.to_vector<int64_t>() == std::vector<int64_t>{0, 1});
}
