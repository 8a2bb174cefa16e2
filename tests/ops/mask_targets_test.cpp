#include "ops/mask_targets/mask_targets.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/raster/polygon.h"
#include "testing/device_case.h"
#include "testing/draw.h"
#include "testing/draw_tensors.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp mask_targets_op("mask_targets", "rasters are constants of the loss");

namespace {

using Ints = std::vector<int32_t>;

Tensor ints(const Shape& shape, const Ints& values) {
  return Tensor::from(shape, values);
}

/// The targets of one drawn image, whose RoI r belongs to instance r.
std::vector<uint8_t> drawn_targets(uint64_t index) {
  constexpr int kRois = 8;
  Draw draw(index);
  const uint32_t side = 10 + draw.below(1300);
  std::vector<float> xy, boxes;
  Ints starts = {0}, instances = {0}, gt;
  for (int r = 0; r < kRois; ++r) {
    const int num_polygons = 1 + draw.below(3);
    for (int p = 0; p < num_polygons; ++p) {
      const int count = 3 + draw.below(20);
      for (int i = 0; i < 2 * count; ++i)
        xy.push_back(static_cast<float>(draw.below(side * 100 + 1) / 100.0));
      starts.push_back(static_cast<int32_t>(xy.size() / 2));
    }
    instances.push_back(static_cast<int32_t>(starts.size()) - 1);
    const double x0 = draw.below(side * 10) / 10.0, y0 = draw.below(side * 10) / 10.0;
    const double w = draw.below(side * 10) / 10.0, h = draw.below(side * 10) / 10.0;
    for (const double v : {x0, y0, x0 + w, y0 + h}) boxes.push_back(static_cast<float>(v));
    gt.push_back(r);
  }
  const ops::InstanceMasks masks{
      .polygon_xy = Tensor::from({1, std::ssize(xy) / 2, 2}, xy),
      .polygon_starts = ints({1, std::ssize(starts)}, starts),
      .instance_polygons = ints({1, std::ssize(instances)}, instances),
  };
  return ops::mask_targets(Tensor::from({kRois, 4}, boxes), ints({kRois}, Ints(kRois, 0)),
                           ints({kRois}, gt), masks)
      .to_vector<uint8_t>();
}

/// Two images without polygons; instance 1 of image 1 has the given mask.
ops::InstanceMasks run_length(const Rle& rle, std::vector<float> transform) {
  Ints ends;
  for (int32_t end = 0; const uint32_t count : rle.counts)
    ends.push_back(end += static_cast<int32_t>(count));
  const auto runs = static_cast<int32_t>(ends.size());
  ends.insert(ends.begin(), runs, 0);  // image 0 has none
  transform.insert(transform.begin(), {1, 1, 0, 0, 0});
  return {.polygon_xy = Tensor::zeros({2, 0, 2}, DType::kF32),
          .polygon_starts = Tensor::zeros({2, 1}, DType::kI32),
          .instance_polygons = Tensor::zeros({2, 4}, DType::kI32),
          .run_ends = ints({2, runs}, ends),
          .instance_runs = ints({2, 4}, {0, 0, 0, 0, 0, 0, runs, runs}),
          .transforms = Tensor::from({2, 5}, transform),
          .original_sizes = ints({2, 2}, {1, 1, rle.height, rle.width})};
}

std::vector<uint8_t> run_target(const ops::InstanceMasks& masks, const std::vector<float>& box,
                                int64_t size) {
  return ops::mask_targets(Tensor::from({1, 4}, box), ints({1}, {1}), ints({1}, {1}), masks, size)
      .to_vector<uint8_t>();
}

/// x in [2, 5), y in [1, 3) of a 4 x 8 image.
Rle rectangle() {
  return rle_from_polygon(std::vector<double>{2, 1, 2, 3, 5, 3, 5, 1}, 4, 8);
}

}  // namespace

TEST_CASE("mask_targets: polygons equal detectron2's rasters through pycocotools") {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/mask_targets/digests.txt");
  int images = 0, wrong = 0;
  for (uint32_t expected; file >> std::hex >> expected; ++images)
    wrong += crc32(drawn_targets(images)) != expected;
  CHECK(images == 200);
  CHECK(wrong == 0);
}

TEST_CASE("mask_targets: a polygon on cell edges fills its cells, two polygons unite") {
  const ops::InstanceMasks masks{
      .polygon_xy = Tensor::from<float>({1, 8, 2}, {10, 20, 12, 20, 12, 22, 10, 22,  //
                                                    13, 23, 14, 23, 14, 24, 13, 24}),
      .polygon_starts = ints({1, 3}, {0, 4, 8}),
      .instance_polygons = ints({1, 3}, {0, 0, 2})};
  const Tensor boxes =
      Tensor::from<float>({3, 4}, {10, 20, 14, 24, 10, 20, 14, 24, 10, 20, 14, 24});
  const Tensor targets =
      ops::mask_targets(boxes, ints({3}, {0, 0, -1}), ints({3}, {1, 0, -1}), masks, 4);
  CHECK(targets.rows(0, 1).to_vector<uint8_t>() ==
        std::vector<uint8_t>{1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  // An instance without a mask, and an empty slot.
  CHECK(targets.rows(1, 3).to_vector<uint8_t>() == std::vector<uint8_t>(32, 0));
}

TEST_CASE("mask_targets: f64 boxes and polygons give the same target") {
  const std::vector<double> xy = {10, 20, 40, 25, 30, 60}, box = {12, 18, 44, 70};
  const auto target = [&](DType dtype) {
    const ops::InstanceMasks masks{.polygon_xy = Tensor::from({1, 3, 2}, xy).to(dtype),
                                   .polygon_starts = ints({1, 2}, {0, 3}),
                                   .instance_polygons = ints({1, 2}, {0, 1})};
    return ops::mask_targets(Tensor::from({1, 4}, box).to(dtype), ints({1}, {0}), ints({1}, {0}),
                             masks)
        .to_vector<uint8_t>();
  };
  CHECK(target(DType::kF32) == target(DType::kF64));
}

TEST_CASE("mask_targets: run lengths are read in the original image, scaled and unflipped") {
  const std::vector<uint8_t> plain = {0, 0, 0, 0, 0, 0, 0, 0,  //
                                      0, 0, 1, 1, 1, 0, 0, 0,  //
                                      0, 0, 1, 1, 1, 0, 0, 0,  //
                                      0, 0, 0, 0, 0, 0, 0, 0};
  // An 8 x 8 grid over twice the height: cells below the image are empty.
  auto grid = plain;
  grid.resize(64, 0);
  CHECK(run_target(run_length(rectangle(), {1, 1, 0, 0, 0}), {0, 0, 8, 8}, 8) == grid);
  CHECK(run_target(run_length(rectangle(), {3, 2, 0, 0, 0}), {0, 0, 24, 16}, 8) == grid);
  for (int y = 0; y < 8; ++y) std::reverse(grid.begin() + 8 * y, grid.begin() + 8 * y + 8);
  CHECK(run_target(run_length(rectangle(), {3, 2, 1, 24, 0}), {0, 0, 24, 16}, 8) == grid);
  // The same places in a crop at (5, 3) of 12 columns, then in that crop, flipped.
  CHECK(run_target(run_length(rectangle(), {3, 2, 1, 17, 3}), {-7, -3, 17, 13}, 8) == grid);
  for (int y = 0; y < 8; ++y) std::reverse(grid.begin() + 8 * y, grid.begin() + 8 * y + 8);
  CHECK(run_target(run_length(rectangle(), {3, 2, 0, 5, 3}), {-5, -3, 19, 13}, 8) == grid);
}

TEST_CASE("mask_targets: a cell that is half covered counts, one that is less does not") {
  // Cells of 2 x 2 pixels, of which rows 1 and 2 of the rectangle each cover half.
  CHECK(run_target(run_length(rectangle(), {1, 1, 0, 0, 0}), {0, 0, 4, 4}, 2) ==
        std::vector<uint8_t>{0, 1, 0, 1});
  // Half a pixel to the left, three of four point columns and two of four rows are covered.
  CHECK(run_target(run_length(rectangle(), {1, 1, 0, 0, 0}), {-0.5, 0, 3.5, 4}, 2) ==
        std::vector<uint8_t>{0, 0, 0, 0});
}

TEST_CASE("mask_targets: run lengths and polygons of one shape agree but for a few border cells") {
  const std::vector<double> outline = {12, 5, 80, 30, 60, 90, 25, 70};
  const auto runs = run_target(run_length(rle_from_polygon(outline, 100, 100), {1, 1, 0, 0, 0}),
                               {5, 2, 85, 95}, 28);
  const ops::InstanceMasks masks{
      .polygon_xy = Tensor::from({1, 4, 2}, std::vector<float>(outline.begin(), outline.end())),
      .polygon_starts = ints({1, 2}, {0, 4}),
      .instance_polygons = ints({1, 2}, {0, 1})};
  const auto polygons = ops::mask_targets(Tensor::from<float>({1, 4}, {5, 2, 85, 95}),
                                          ints({1}, {0}), ints({1}, {0}), masks)
                            .to_vector<uint8_t>();
  int inside = 0, different = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    inside += runs[i];
    different += runs[i] != polygons[i];
  }
  CHECK(inside > 300);
  CHECK(different < 20);
}

TEST_CASE("mask_targets: refuses what its contract excludes") {
  const Tensor boxes = Tensor::zeros({3, 4}, DType::kF32), rows = Tensor::zeros({3}, DType::kI32);
  ops::InstanceMasks masks{.polygon_xy = Tensor::zeros({2, 5, 2}, DType::kF32),
                           .polygon_starts = Tensor::zeros({2, 1}, DType::kI32),
                           .instance_polygons = Tensor::zeros({2, 4}, DType::kI32)};
  CHECK_THROWS_WITH_AS(ops::mask_targets(rows, rows, rows, masks),
                       "mask_targets: boxes must be f32 or f64 [R, 4], got i32 [3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_targets(boxes, rows, boxes, masks),
                       "mask_targets: gt must be i32 [3], got f32 [3, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_targets(boxes.to(DType::kF64), rows, rows, masks),
                       "mask_targets: polygon_xy must be f64 [N, V, 2], got f32 [2, 5, 2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::mask_targets(boxes, rows, rows, masks, 65),
                       "mask_targets: size must be 1 to 64, got 65", ShapeError);
  masks.polygon_starts = rows;
  CHECK_THROWS_WITH_AS(ops::mask_targets(boxes, rows, rows, masks),
                       "mask_targets: polygon_starts must be i32 [2, 1 or more], got i32 [3]",
                       ShapeError);
}

namespace {

/// Two images of three instances, each of two polygons of seven vertices.
std::vector<Tensor> polygons() {
  Draw draw(5);
  std::vector<float> xy(2 * 42 * 2);
  for (float& v : xy) v = static_cast<float>(draw.below(40000)) / 100;
  std::vector<int32_t> starts, instances;
  for (int n = 0; n < 2; ++n) {
    for (int p = 0; p <= 6; ++p) starts.push_back(7 * p);
    for (int g = 0; g <= 3; ++g) instances.push_back(2 * g);
  }
  return {random_boxes({40}, 6),        random_ints({40}, 7, -1, 2),
          random_ints({40}, 8, -1, 3),  Tensor::from({2, 42, 2}, xy),
          Tensor::from({2, 7}, starts), Tensor::from({2, 4}, instances)};
}

}  // namespace

static const DeviceCases mask_targets_device_cases("mask_targets", [] {
  return std::vector<DeviceCase>{
      {.name = "polygons", .inputs = polygons(), .forward = [](Inputs in) {
         return std::vector{ops::mask_targets(in[0], in[1], in[2], {in[3], in[4], in[5]})};
       }}};
});
