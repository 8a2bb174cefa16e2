// Run-length masks as COCO defines them: pixels in column-major order (down the first column, then
// the second, …), counts of alternating runs that begin with zeros (the first count may be 0).
// Results are byte-equal to pycocotools 2.0.x on legal input. Everything else is an IoError, where
// the reference overflows or reads out of bounds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace denovo {

/// Largest mask accepted from outside: the limits of decoded images, so that a hostile size is
/// refused before anything is allocated.
inline constexpr int64_t kMaxMaskPixels = 178'956'970;
inline constexpr int64_t kMaxMaskSide = 65'500;

struct Rle {
  int height = 0, width = 0;
  std::vector<uint32_t> counts;

  bool operator==(const Rle&) const = default;
};

/// The same, not owning its counts; what the functions below take.
struct RleView {
  int height = 0, width = 0;
  std::span<const uint32_t> counts;

  RleView() = default;
  RleView(int h, int w, std::span<const uint32_t> c) : height(h), width(w), counts(c) {}
  RleView(const Rle& rle) : height(rle.height), width(rle.width), counts(rle.counts) {}
};

/// How the pixels of a dense mask lie in memory: rows after each other (images, tensors) or columns
/// after each other (COCO, Fortran order).
enum class MaskOrder { kRowMajor, kColumnMajor };

enum class RleMerge { kUnion, kIntersection };

struct RleBox {
  double x = 0, y = 0, width = 0, height = 0;

  bool operator==(const RleBox&) const = default;
};

/// Throws IoError unless 0 <= height, width <= kMaxMaskSide and height * width <= kMaxMaskPixels.
void check_mask_size(int64_t height, int64_t width);

/// Throws IoError unless the size is legal and the counts sum to height * width exactly.
void check_rle(RleView rle);

/// Mask [height, width] of bytes, non-zero = inside.
Rle rle_encode(const uint8_t* mask, int height, int width, MaskOrder order);

/// A full-image mask that is `window` [window_height, window_width], row-major, at (x, y) and zero
/// elsewhere, without drawing the full image. The window must lie inside; ShapeError otherwise.
Rle rle_encode_window(const uint8_t* window, int x, int y, int window_height, int window_width,
                      int height, int width);

/// Writes height * width bytes 0 or 1. Requires a checked rle.
void rle_decode(RleView rle, uint8_t* mask, MaskOrder order);

/// The compressed string: counts i > 2 as the difference to count i - 2, each a signed number in
/// groups of five bits, lowest first, 0x20 = another group follows, character = group + 48.
std::string rle_to_string(RleView rle);

/// Inverse of rle_to_string. Throws IoError, naming the position, on characters outside
/// 48 … 111, a value of more than 7 groups, an unfinished value, a negative count, or counts that
/// do not sum to height * width.
Rle rle_from_string(std::string_view text, int height, int width);

/// The same for a reader that owns the storage: appends the counts to `counts`.
void append_rle_counts(std::string_view text, int height, int width, std::vector<uint32_t>& counts);

/// Number of pixels inside.
int64_t rle_area(RleView rle);

/// Tight box in whole pixels; all zero for an empty mask. As in the reference, a run that continues
/// into the next column makes the box as high as the image.
RleBox rle_bounding_box(RleView rle);

/// Union or intersection of any number of masks of one size; no mask gives a 0 x 0 one. Throws
/// ShapeError when the sizes differ.
Rle rle_merge(std::span<const RleView> masks, RleMerge op);

/// Pixels inside both and inside either of two masks of one size. Requires checked masks.
struct RleOverlap {
  int64_t intersection = 0, either = 0;
};
RleOverlap rle_overlap(RleView a, RleView b);

/// Intersection over union of two masks. With `crowd` the divisor is the area of the detection
/// alone. 0 when the masks do not meet, -1 when the sizes differ (the reference's answer).
/// Requires checked masks.
double rle_iou(RleView detection, RleView ground_truth, bool crowd);

}  // namespace denovo
