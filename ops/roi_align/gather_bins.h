// RoIAlign forward with one thread for each 16 bytes of output, for the GPU; the CPU suite runs the
// same.
#pragma once

#include "ops/roi_align/located_roi.h"

namespace denovo::ops {

/// y[r, p, q, c]: a row is a bin.
template <class T, class B>
struct GatherBins {
  using W = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T);
  const LocatedRoi<B>* located;
  const T* features[kMaxRoiLevels];
  RoiLevels<B> levels;
  int bins;
  int64_t channels;
  T* y;

  struct Row {
    Roi<B> roi;
    int p, q;
    int64_t output;
  };
  DENOVO_HD Row row(int64_t i) const {
    const int64_t r = i / (bins * bins), bin = i % (bins * bins);
    return {located[r].roi, static_cast<int>(bin / bins), static_cast<int>(bin % bins),
            i * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    if (row.roi.active) add_samples(row, c, sum);
    sum.store(y + row.output + c);
  }
  template <int V>
  DENOVO_HD void add_samples(const Row& row, int64_t c, Pack<T, V>& sum) const {
    const Roi<B>& roi = row.roi;
    const int height = levels.height[roi.level], width = levels.width[roi.level];
    const T* plane = features[roi.level] + roi.image * height * width * channels + c;
    for (int i = 0; i < roi.y.samples; ++i) {
      const LinearTap<B> ty = linear_tap(roi.y.sample(row.p, i), height);
      if (!ty.inside) continue;
      const T *top = plane + int64_t{ty.cell0} * width * channels,
              *bottom = plane + int64_t{ty.cell1} * width * channels;
      for (int j = 0; j < roi.x.samples; ++j) {
        const LinearTap<B> tx = linear_tap(roi.x.sample(row.q, j), width);
        if (!tx.inside) continue;
        const int64_t left = tx.cell0 * channels, right = tx.cell1 * channels;
        add(static_cast<W>(ty.weight0 * tx.weight0), top + left, sum);
        add(static_cast<W>(ty.weight0 * tx.weight1), top + right, sum);
        add(static_cast<W>(ty.weight1 * tx.weight0), bottom + left, sum);
        add(static_cast<W>(ty.weight1 * tx.weight1), bottom + right, sum);
      }
    }
    const W count = static_cast<W>(roi.y.samples) * static_cast<W>(roi.x.samples);
    for (int v = 0; v < V; ++v) sum.v[v] /= count;
  }
  template <int V>
  DENOVO_HD static void add(W weight, const T* x, Pack<T, V>& sum) {
    const auto value = Pack<T, V>::load(x);
    for (int v = 0; v < V; ++v) sum.v[v] += weight * value.v[v];
  }
};

}  // namespace denovo::ops
