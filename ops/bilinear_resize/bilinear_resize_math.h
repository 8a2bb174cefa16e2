// Taps of bilinear resampling along one axis, for forward and backward, on the host and the device.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

template <class A>
struct ResizeAxis {
  int64_t in, out;

  struct Tap {
    int64_t i0, i1;
    A w0, w1;
    /// Weight of input i in this output.
    DENOVO_HD A weight(int64_t i) const { return (i == i0 ? w0 : A(0)) + (i == i1 ? w1 : A(0)); }
    DENOVO_HD bool reads(int64_t i) const { return i == i0 || i == i1; }
  };
  struct Range {
    int64_t begin, end;
  };

  DENOVO_HD A scale() const { return static_cast<A>(in) / static_cast<A>(out); }

  DENOVO_HD Tap tap(int64_t o) const {
    A source = scale() * (static_cast<A>(o) + A(0.5)) - A(0.5);
    source = source < 0 ? A(0) : source;
    int64_t i0 = static_cast<int64_t>(source);
    i0 = i0 < in - 1 ? i0 : in - 1;
    const int64_t i1 = i0 + 1 < in ? i0 + 1 : i0;
    A w1 = source - static_cast<A>(i0);
    w1 = w1 < 1 ? w1 : A(1);
    return {i0, i1, A(1) - w1, w1};
  }

  /// Outputs that may read input i; one more on each side than exact arithmetic gives, so that
  /// rounding never hides one (Tap::reads decides).
  DENOVO_HD Range readers(int64_t i) const {
    const double per_input = static_cast<double>(out) / static_cast<double>(in);
    const double first = (static_cast<double>(i) - 0.5) * per_input - 0.5;
    const double last = (static_cast<double>(i) + 1.5) * per_input - 0.5;
    int64_t begin = static_cast<int64_t>(std::floor(first)) - 1;
    int64_t end = static_cast<int64_t>(std::ceil(last)) + 2;
    if (i == 0 || begin < 0) begin = 0;
    if (i == in - 1 || end > out) end = out;
    return {begin, end};
  }
};

}  // namespace denovo::ops
