// Which boxes are candidates and which of them overlap, for the CPU and CUDA kernels.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/kernels/host_device.h"
#include "ops/ranking/score_order.h"

namespace denovo::ops {

template <class T>
struct NmsBox {
  T x0, y0, x1, y1, area;
};

template <class T>
DENOVO_HD NmsBox<T> nms_box(const T* box) {
  const T width = box[2] - box[0], height = box[3] - box[1];
  const T area = width > 0 && height > 0 ? width * height : T(0);
  return {box[0], box[1], box[2], box[3], area};
}

/// IoU > threshold. The quotient is NaN for two empty boxes, which is not above anything. The
/// conditional forms are what minps and maxps compute.
template <class T>
DENOVO_HD bool overlaps(const NmsBox<T>& a, const NmsBox<T>& b, T threshold) {
  const T left = a.x0 > b.x0 ? a.x0 : b.x0, top = a.y0 > b.y0 ? a.y0 : b.y0;
  const T right = a.x1 < b.x1 ? a.x1 : b.x1, bottom = a.y1 < b.y1 ? a.y1 : b.y1;
  T width = right - left, height = bottom - top;
  width = width > 0 ? width : T(0);
  height = height > 0 ? height : T(0);
  const T intersection = width * height;
  return intersection / (a.area + b.area - intersection) > threshold;
}

template <class T>
DENOVO_HD bool is_candidate(const T* box, T score, int32_t group) {
  return group >= 0 && is_finite(score) && is_finite(box[0]) && is_finite(box[1]) &&
         is_finite(box[2]) && is_finite(box[3]);
}

/// IoU is compared as torchvision does, in double with the threshold that was given; for an IoU in
/// T that is the comparison with the largest T that is not above it.
template <class T>
T threshold_in(double threshold) {
  const T rounded = static_cast<T>(threshold);
  return rounded > threshold ? std::nextafter(rounded, T(-1)) : rounded;
}

/// Suppression of a block of candidates in loops that vectorise (the GPU has nms_blocks.h):
///   load(t)             every candidate of the block, or nothing
///   test(t, kept)       for each box of the group that was kept in an earlier block
///   resolve(t, i)       for i = 0, 1, … in order, when candidate i is still there: it is kept, and
///                       the later ones are tested against it
template <class T>
struct NmsBlock {
  static constexpr int kSize = 64;
  // As wide as a coordinate, so that a comparison of vectors is a vector of these.
  using Flag = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;

  alignas(32) T x0[kSize], y0[kSize], x1[kSize], y1[kSize], area[kSize];
  alignas(32) Flag removed[kSize];

  DENOVO_HD NmsBox<T> candidate(int t) const { return {x0[t], y0[t], x1[t], y1[t], area[t]}; }

  DENOVO_HD void load(int t, const NmsBox<T>& box, bool is_candidate) {
    x0[t] = box.x0, y0[t] = box.y0, x1[t] = box.x1, y1[t] = box.y1, area[t] = box.area;
    removed[t] = !is_candidate;
  }
  DENOVO_HD void test(int t, const NmsBox<T>& kept, T threshold) {
    removed[t] |= overlaps(kept, candidate(t), threshold);
  }
  DENOVO_HD void resolve(int t, int i, const NmsBox<T>& kept, T threshold) {
    removed[t] |= (t > i) & overlaps(kept, candidate(t), threshold);
  }
};

}  // namespace denovo::ops
