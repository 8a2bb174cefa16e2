// Convolution as plain loops, in any floating type: the f64 path of the CPU and the oracle of
// oneDNN and cuDNN. Gather form in all three directions, so that every output has one writer.
#pragma once

#include "core/kernels/parallel.h"
#include "ops/conv2d/conv2d_kernels.h"
#include "ops/conv2d/conv2d_key.h"

namespace denovo::ops {

template <class T>
void conv2d_loops_forward(CpuContext& ctx, const Conv2dSizes& s, const Conv2dForward& args) {
  const T *x = args.x.data<T>(), *weight = args.weight.data<T>();
  const T* bias = args.bias.defined() ? args.bias.data<T>() : nullptr;
  T* y = args.y.data<T>();
  const int64_t group_in = s.group_in(), group_out = s.group_out();
  parallel_for(
      ctx, s.n * s.out_h,
      [&](int64_t row) {
        const int64_t n = row / s.out_h, oy = row % s.out_h;
        for (int64_t ox = 0; ox < s.out_w; ++ox) {
          for (int64_t k = 0; k < s.c_out; ++k) {
            T sum = bias ? bias[k] : T(0);
            const int64_t first = k / group_out * group_in;
            for (int64_t ky = 0; ky < s.kh; ++ky) {
              const int64_t iy =
                  oy * s.options.stride - s.options.padding + ky * s.options.dilation;
              for (int64_t kx = 0; kx < s.kw; ++kx) {
                const int64_t ix =
                    ox * s.options.stride - s.options.padding + kx * s.options.dilation;
                if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
                const T* in = x + ((n * s.h + iy) * s.w + ix) * s.c_in + first;
                const T* filter = weight + ((k * s.kh + ky) * s.kw + kx) * group_in;
                for (int64_t c = 0; c < group_in; ++c) sum += in[c] * filter[c];
              }
            }
            if (s.options.relu && sum < 0) sum = 0;
            y[((n * s.out_h + oy) * s.out_w + ox) * s.c_out + k] = sum;
          }
        }
      },
      s.out_w * s.c_out * s.kh * s.kw * group_in);
}

template <class T>
void conv2d_loops_backward_data(CpuContext& ctx, const Conv2dSizes& s,
                                const Conv2dBackwardData& args) {
  const T *grad_y = args.grad_y.data<T>(), *weight = args.weight.data<T>();
  T* grad_x = args.grad_x.data<T>();
  const int64_t group_in = s.group_in(), group_out = s.group_out(), stride = s.options.stride;
  parallel_for(
      ctx, s.n * s.h,
      [&](int64_t row) {
        const int64_t n = row / s.h, iy = row % s.h;
        T* out = grad_x + row * s.w * s.c_in;
        for (int64_t i = 0; i < s.w * s.c_in; ++i) out[i] = 0;
        for (int64_t ky = 0; ky < s.kh; ++ky) {
          const int64_t y_steps = iy + s.options.padding - ky * s.options.dilation;
          if (y_steps < 0 || y_steps % stride != 0 || y_steps / stride >= s.out_h) continue;
          for (int64_t ix = 0; ix < s.w; ++ix) {
            for (int64_t kx = 0; kx < s.kw; ++kx) {
              const int64_t x_steps = ix + s.options.padding - kx * s.options.dilation;
              if (x_steps < 0 || x_steps % stride != 0 || x_steps / stride >= s.out_w) continue;
              const T* g =
                  grad_y +
                  ((n * s.out_h + y_steps / stride) * s.out_w + x_steps / stride) * s.c_out;
              for (int64_t k = 0; k < s.c_out; ++k) {
                const T* filter = weight + ((k * s.kh + ky) * s.kw + kx) * group_in;
                T* target = out + ix * s.c_in + k / group_out * group_in;
                for (int64_t c = 0; c < group_in; ++c) target[c] += g[k] * filter[c];
              }
            }
          }
        }
      },
      s.w * s.c_out * s.kh * s.kw * group_in);
}

template <class T>
void conv2d_loops_backward_weight(CpuContext& ctx, const Conv2dSizes& s,
                                  const Conv2dBackwardWeight& args) {
  const T *x = args.x.data<T>(), *grad_y = args.grad_y.data<T>();
  T* grad_weight = args.grad_weight.data<T>();
  const int64_t group_in = s.group_in(), group_out = s.group_out();
  parallel_for(
      ctx, s.c_out * s.kh * s.kw,
      [&](int64_t tap) {
        const int64_t k = tap / (s.kh * s.kw), ky = tap / s.kw % s.kh, kx = tap % s.kw;
        T* out = grad_weight + tap * group_in;
        if (args.beta == 0) {
          for (int64_t c = 0; c < group_in; ++c) out[c] = 0;
        }
        for (int64_t n = 0; n < s.n; ++n) {
          for (int64_t oy = 0; oy < s.out_h; ++oy) {
            const int64_t iy = oy * s.options.stride - s.options.padding + ky * s.options.dilation;
            if (iy < 0 || iy >= s.h) continue;
            for (int64_t ox = 0; ox < s.out_w; ++ox) {
              const int64_t ix =
                  ox * s.options.stride - s.options.padding + kx * s.options.dilation;
              if (ix < 0 || ix >= s.w) continue;
              const T g = grad_y[((n * s.out_h + oy) * s.out_w + ox) * s.c_out + k];
              const T* in = x + ((n * s.h + iy) * s.w + ix) * s.c_in + k / group_out * group_in;
              for (int64_t c = 0; c < group_in; ++c) out[c] += g * in[c];
            }
          }
        }
      },
      s.n * s.out_h * s.out_w * group_in);
}

}  // namespace denovo::ops
