// Where a RoI samples its feature map: shared by both backends, forward and backward.
//
// Bilinear samples on a regular grid are separable: the weight of a cell in a bin is the product of
// two sums over samples, one per axis, so everything here is about one axis. B is the type of the
// boxes; expressions and their order are torchvision's.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"
#include "ops/roi_align/roi_align.h"

namespace denovo::ops {

/// More samples per bin and axis would need RoIs of many thousand cells; it bounds the work for
/// boxes of absurd size.
inline constexpr int kMaxRoiSamples = 1024;

/// Two neighbours and their weights for one sample of an axis with `size` cells. Coordinates have
/// cell centres at integers. Up to one cell outside, samples are clamped to the border; farther
/// ones, and NaN, have inside == false and contribute neither value nor gradient. A bilinear sample
/// is the product of two taps.
template <class B>
struct LinearTap {
  int cell0, cell1;
  B weight0, weight1;
  bool inside;
};

template <class B>
DENOVO_HD LinearTap<B> linear_tap(B x, int size) {
  // Written as !(in range): every comparison with NaN is false.
  if (!(x >= B(-1) && x <= static_cast<B>(size))) return {};
  const B last = static_cast<B>(size - 1);
  x = x < 0 ? B(0) : x > last ? last : x;
  const int cell0 = static_cast<int>(x), cell1 = cell0 + 1 < size ? cell0 + 1 : cell0;
  const B fraction = x - static_cast<B>(cell0);
  return {cell0, cell1, B(1) - fraction, fraction, true};
}

/// One axis of a RoI, in cells of its level.
template <class B>
struct RoiAxis {
  B start, bin;
  int samples;  // per bin; 0 for a RoI of negative size and, when adaptive, of no size

  DENOVO_HD B sample(int p, int i) const {
    return start + static_cast<B>(p) * bin +
           (static_cast<B>(i) + B(0.5)) * bin / static_cast<B>(samples);
  }
};

template <class B>
DENOVO_HD RoiAxis<B> roi_axis(B low, B high, B scale, const RoiAlignOptions& options) {
  const B offset = options.aligned ? B(0.5) : B(0);
  const B start = low * scale - offset;
  B length = high * scale - offset - start;
  if (!options.aligned && length < 1) length = 1;
  const B bins = static_cast<B>(options.output_size);
  B samples = static_cast<B>(options.sampling_ratio);
  if (options.sampling_ratio == 0) samples = std::ceil(length / bins);
  const B most = static_cast<B>(kMaxRoiSamples);
  samples = samples > most ? most : samples > 0 && length >= 0 ? samples : B(0);
  return {start, length / bins, static_cast<int>(samples)};
}

/// The pyramid, small enough to be a kernel argument.
template <class B>
struct RoiLevels {
  int count, first;  // first: log2 of the first stride
  int64_t num_images;
  int height[kMaxRoiLevels], width[kMaxRoiLevels];
  B scale[kMaxRoiLevels];
};

/// Position in the pyramid of the level that a box reads.
template <class B>
DENOVO_HD int roi_level(const B* box, const RoiLevels<B>& levels, const RoiAlignOptions& options) {
  if (levels.count == 1) return 0;
  const B area = (box[2] - box[0]) * (box[3] - box[1]);
  const B size = std::sqrt(area > 0 ? area : B(0));
  const B ratio = size / static_cast<B>(options.canonical_size) + static_cast<B>(1e-8);
  // In double and rounded once: libraries differ in the last bit of a float's log2.
  const B exponent = static_cast<B>(std::log2(static_cast<double>(ratio)));
  const B level =
      std::floor(static_cast<B>(options.canonical_level) + exponent) - static_cast<B>(levels.first);
  const B last = static_cast<B>(levels.count - 1);
  return static_cast<int>(level < 0 ? B(0) : level > last ? last : level);
}

template <class B>
struct Roi {
  bool active;  // false: all bins are zero
  int level;
  int64_t image;
  RoiAxis<B> y, x;
};

template <class B>
DENOVO_HD Roi<B> locate_roi(const B* box, int32_t image, const RoiLevels<B>& levels,
                            const RoiAlignOptions& options) {
  Roi<B> roi{};
  // A difference with itself is 0 for finite numbers and NaN for all others.
  const B check = (box[0] - box[0]) + (box[1] - box[1]) + (box[2] - box[2]) + (box[3] - box[3]);
  if (image < 0 || image >= levels.num_images || !(check == 0)) return roi;
  roi.level = roi_level(box, levels, options);
  roi.image = image;
  const B scale = levels.scale[roi.level];
  roi.y = roi_axis(box[1], box[3], scale, options);
  roi.x = roi_axis(box[0], box[2], scale, options);
  const bool has_cells = levels.height[roi.level] > 0 && levels.width[roi.level] > 0;
  roi.active = has_cells && roi.y.samples > 0 && roi.x.samples > 0;
  return roi;
}

}  // namespace denovo::ops
