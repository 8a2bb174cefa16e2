// The digests come from tests/oracles/raster_pairs.py, which draws the same pairs.
#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/raster/polygon.h"
#include "core/raster/rle.h"
#include "testing/draw.h"
#include "testing/exactness.h"

using namespace denovo;
using testing::Draw;

namespace {

constexpr int kPairsPerBlock = 1000;

double coordinate(Draw& draw, int family, int side) {
  switch (family) {
    case 0:
      return draw.below(side * 100 + 1) / 100.0;
    case 1:
      return draw.below(side + 1);
    case 2:
      return (draw.below(3 * side * 16) - side * 16) / 16.0;
    case 3:
      return side / 2.0 + draw.below(96) / 32.0;
    default:
      return draw.below(side * 10 + 1) / 10.0;
  }
}

std::vector<double> polygon(Draw& draw, int family, int height, int width) {
  const int count = 3 + draw.below(family == 4 ? 60 : 10);
  std::vector<double> xy;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && draw.below(8) == 0) {
      xy.insert(xy.end(), {xy[xy.size() - 2], xy[xy.size() - 1]});
      continue;
    }
    xy.push_back(coordinate(draw, family, width));
    xy.push_back(coordinate(draw, family, height));
  }
  return xy;
}

template <typename T>
void append(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

std::string answer(int index) {
  Draw draw(index);
  const int family = index % 6, largest = family == 5 ? 700 : 120;
  const int height = 1 + draw.below(largest), width = 1 + draw.below(largest);
  const Rle a = rle_from_polygon(polygon(draw, family, height, width), height, width);
  const Rle b = rle_from_polygon(polygon(draw, family, height, width), height, width);
  const RleView pair[] = {a, b};
  const Rle all[] = {a, b, rle_merge(pair, RleMerge::kUnion),
                     rle_merge(pair, RleMerge::kIntersection)};
  std::string out;
  for (const Rle& rle : all) out += rle_to_string(rle) + "\n";
  const MaskOrder order = index % 2 ? MaskOrder::kRowMajor : MaskOrder::kColumnMajor;
  std::vector<uint8_t> dense(static_cast<size_t>(height) * width);
  rle_decode(all[2], dense.data(), order);
  out += rle_to_string(rle_encode(dense.data(), height, width, order));
  for (const Rle& rle : all) {
    const RleBox box = rle_bounding_box(rle);
    append(out, rle_area(rle));
    for (const double side : {box.x, box.y, box.width, box.height}) append(out, side);
  }
  append(out, rle_iou(a, b, false));
  append(out, rle_iou(a, b, true));
  return out;
}

}  // namespace

TEST_CASE("raster: 100,000 pairs of polygons, or a share, give pycocotools' bytes") {
  std::ifstream file(DENOVO_TEST_DATA "/data_files/raster/pair_digests.txt");
  std::vector<uint32_t> expected;
  for (std::string line; std::getline(file, line);)
    expected.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
  REQUIRE(expected.size() == 100);
  int wrong = 0;
  const auto num_blocks = static_cast<int>(expected.size()), stride = testing::exactness_stride();
#pragma omp parallel for reduction(+ : wrong) schedule(dynamic)
  for (int block = 0; block < num_blocks; block += stride) {
    uint32_t crc = 0;
    for (int i = 0; i < kPairsPerBlock; ++i) {
      const std::string bytes = answer(block * kPairsPerBlock + i);
      crc = testing::crc32(bytes.data(), bytes.size(), crc);
    }
    wrong += crc != expected[block];
  }
  CHECK(wrong == 0);
}
