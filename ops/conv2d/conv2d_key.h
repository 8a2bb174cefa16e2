// Sizes of a convolution, and the plain struct of them by which both backends cache their plans.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/run/hash_words.h"
#include "core/tensor/tensor.h"
#include "ops/conv2d/conv2d.h"

namespace denovo::ops {

struct Conv2dSizes {
  int64_t n, h, w, c_in, out_h, out_w, c_out, kh, kw;  // c_in: of x; weight has c_in / groups
  Conv2dOptions options;

  Conv2dSizes(const Tensor& x, const Tensor& weight, const Tensor& y, const Conv2dOptions& opt)
      : n(x.size(0)),
        h(x.size(1)),
        w(x.size(2)),
        c_in(x.size(3)),
        out_h(y.size(1)),
        out_w(y.size(2)),
        c_out(y.size(3)),
        kh(weight.size(1)),
        kw(weight.size(2)),
        options(opt) {}
  int64_t group_in() const { return c_in / options.groups; }
  int64_t group_out() const { return c_out / options.groups; }
  double flops() const {
    return 2.0 * static_cast<double>(n * out_h * out_w * c_out * kh * kw * group_in());
  }
};

enum class ConvDirection : int64_t { kForward, kBackwardData, kBackwardWeight };

/// Everything that a plan depends on; int64 throughout, so that it has no padding.
struct Conv2dKey {
  ConvDirection direction;
  int64_t n, h, w, c_in, out_h, out_w, c_out, kh, kw;
  int64_t stride, padding, dilation, groups;
  int64_t relu, bias;  // forward only: fused into the plan
  int64_t dtype;
  int64_t accumulate = 0;  // CUDA: add to what the result holds
  int64_t alignment = 0;   // CUDA: bytes that all addresses are multiples of
  int64_t tf32 = 0;        // CUDA: f32 operands may be rounded to TF32

  Conv2dKey() = default;
  Conv2dKey(ConvDirection which, const Conv2dSizes& s, DType type, bool has_bias)
      : direction(which),
        n(s.n),
        h(s.h),
        w(s.w),
        c_in(s.c_in),
        out_h(s.out_h),
        out_w(s.out_w),
        c_out(s.c_out),
        kh(s.kh),
        kw(s.kw),
        stride(s.options.stride),
        padding(s.options.padding),
        dilation(s.options.dilation),
        groups(s.options.groups),
        relu(s.options.relu && which == ConvDirection::kForward),
        bias(has_bias),
        dtype(static_cast<int64_t>(type)) {}
  bool operator==(const Conv2dKey& other) const {
    return std::memcmp(this, &other, sizeof(Conv2dKey)) == 0;
  }
};

}  // namespace denovo::ops
