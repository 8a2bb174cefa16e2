// Bicubic interpolation along one axis, on the host and the device.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

/// Four inputs and their weights for one output of an axis that grows (or shrinks) from `in` to
/// `out` elements. Keys' cubic convolution with a = -0.75; the border element is repeated.
template <class A>
struct CubicTap {
  int64_t index[4];
  A weight[4];

  DENOVO_HD CubicTap(int64_t o, int64_t in, int64_t out) {
    const A scale = static_cast<A>(in) / static_cast<A>(out);
    const A source = scale * (static_cast<A>(o) + A(0.5)) - A(0.5);
    const A floor = std::floor(source), t = source - floor;
    const auto first = static_cast<int64_t>(floor) - 1;
    for (int k = 0; k < 4; ++k) {
      const int64_t i = first + k;
      index[k] = i < 0 ? 0 : i < in ? i : in - 1;
    }
    weight[0] = outer(t + 1);
    weight[1] = inner(t);
    weight[2] = inner(1 - t);
    weight[3] = outer(2 - t);
  }

 private:
  static constexpr A kA = A(-0.75);
  /// At a distance of at most 1, and of 1 to 2.
  DENOVO_HD static A inner(A x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; }
  DENOVO_HD static A outer(A x) { return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA; }
};

/// A side of a box and the cells that its map is enlarged to.
template <class A>
struct HeatmapSide {
  A low, length;
  int64_t cells;

  DENOVO_HD HeatmapSide(A from, A to)
      : low(from), length(to - from > 1 ? to - from : A(1)), cells(1) {
    cells = static_cast<int64_t>(std::ceil(length));
  }
  /// The centre of a cell, in the pixels of the box.
  DENOVO_HD A at(int64_t cell) const {
    return (static_cast<A>(cell) + A(0.5)) * (length / static_cast<A>(cells)) + low;
  }
};

}  // namespace denovo::ops
