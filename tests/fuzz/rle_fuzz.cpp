// Run-length strings and counts from strangers: every input is either refused by IoError or gives a
// mask on which all functions agree with each other. The first four bytes are height and width.
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/raster/polygon.h"
#include "core/raster/rle.h"

using namespace denovo;

namespace {

constexpr int64_t kMaxDecodedPixels = 1 << 12;  // keeps an execution short

void require(bool holds) {
  if (!holds) std::abort();
}

void check_mask(const Rle& rle) {
  check_rle(rle);
  require(rle_from_string(rle_to_string(rle), rle.height, rle.width) == rle);
  rle_bounding_box(rle);
  if (int64_t{rle.height} * rle.width > kMaxDecodedPixels) return;
  std::vector<uint8_t> mask(static_cast<size_t>(rle.height) * rle.width + 1);
  for (const MaskOrder order : {MaskOrder::kRowMajor, MaskOrder::kColumnMajor}) {
    rle_decode(rle, mask.data(), order);
    const Rle again = rle_encode(mask.data(), rle.height, rle.width, order);
    require(rle_area(again) == rle_area(rle));
    const RleView both[] = {again, again};
    require(rle_merge(both, RleMerge::kUnion) == again);
    require(rle_area(again) == 0 || rle_iou(again, again, false) == 1);
  }
}

void check_polygon(const uint8_t* data, size_t size, int height, int width) {
  std::vector<double> xy(size / sizeof(double));
  if (!xy.empty()) std::memcpy(xy.data(), data, xy.size() * sizeof(double));
  if (int64_t{height} * width > kMaxDecodedPixels) return;
  check_mask(rle_from_polygon(xy, height, width));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint16_t sides[2];
  if (size < sizeof sides) return 0;
  std::memcpy(sides, data, sizeof sides);
  data += sizeof sides;
  size -= sizeof sides;
  try {
    check_mask(rle_from_string({reinterpret_cast<const char*>(data), size}, sides[0], sides[1]));
  } catch (const IoError&) {
  }
  try {
    check_polygon(data, size, sides[0], sides[1]);
  } catch (const IoError&) {
  }
  return 0;
}
