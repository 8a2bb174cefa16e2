#include "ops/conv2d/winograd_cpu.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/cpu/onednn.h"
#include "ops/conv2d/winograd_transform.h"

namespace denovo::ops {
namespace {

using dnnl::memory;
using namespace winograd;

/// NHWC pixels, read or written.
template <class T>
struct Image {
  T* data;
  int64_t h, w, c;

  /// The channels of a pixel, outside when it is not in the image.
  T* pixel(int64_t n, int64_t y, int64_t x, T* outside) const {
    const bool inside = y >= 0 && y < h && x >= 0 && x < w;
    return inside ? data + ((n * h + y) * w + x) * c : outside;
  }
};

/// The squares that cover the output of a convolution, in the order n, y, x.
struct Squares {
  int64_t n, per_column, per_row;

  Squares(int64_t images, int64_t out_h, int64_t out_w)
      : n(images), per_column((out_h + kTile - 1) / kTile), per_row((out_w + kTile - 1) / kTile) {}
  int64_t count() const { return n * per_column * per_row; }
  /// Image, and row and column of the first output, of square i.
  std::array<int64_t, 3> at(int64_t i) const {
    return {i / (per_row * per_column), i / per_row % per_column * kTile, i % per_row * kTile};
  }
};

/// For each of the 36 points a matrix [rows, columns].
struct PointMatrices {
  Tensor storage;
  int64_t rows, columns;

  PointMatrices(int64_t r, int64_t c)
      : storage(Tensor::empty({kPoints, r * c + kGap}, DType::kF32)), rows(r), columns(c) {}
  float* at(int64_t row, int64_t column) const {
    return storage.data<float>() + row * columns + column;
  }
  int64_t stride() const { return rows * columns + kGap; }
  memory::desc desc(int64_t used_rows) const {
    return {
        {kPoints, used_rows, columns}, memory::data_type::f32, memory::dims{stride(), columns, 1}};
  }
  memory::desc transposed_desc(int64_t used_rows) const {
    return {
        {kPoints, columns, used_rows}, memory::data_type::f32, memory::dims{stride(), 1, columns}};
  }

 private:
  // Matrices a multiple of 4 KiB apart would share the sets of the cache.
  static constexpr int64_t kGap = 16;
};

void store_points(const Lanes (&points)[kSquare][kSquare], float* target, int64_t stride) {
  for (int i = 0; i < kPoints; ++i) store(target + i * stride, points[i / kSquare][i % kSquare]);
}
void load_points(const float* source, int64_t stride, Lanes (&points)[kSquare][kSquare]) {
  for (int i = 0; i < kPoints; ++i) points[i / kSquare][i % kSquare] = load(source + i * stride);
}

/// Transforms the squares first .. first + rows - 1 of an image into the rows of points. A square
/// starts `offset` pixels before its first output; pixels outside count as zero.
template <class T>
void transform_squares(CpuContext& ctx, const Image<const float>& image, const Squares& squares,
                       int64_t offset, int64_t first, int64_t rows, const PointMatrices& points) {
  constexpr int kSide = T::kIn;
  const std::vector<float> zeros(static_cast<size_t>(image.c));
  parallel_for(
      ctx, rows,
      [&](int64_t row) {
        const auto [n, y0, x0] = squares.at(first + row);
        const float* pixels[kSide][kSide];
        for (int y = 0; y < kSide; ++y)
          for (int x = 0; x < kSide; ++x)
            pixels[y][x] = image.pixel(n, y0 + y - offset, x0 + x - offset, zeros.data());
        for (int64_t c = 0; c < image.c; c += kLanes) {
          Lanes in[kSide][kSide], out[kSquare][kSquare];
          for (int y = 0; y < kSide; ++y)
            for (int x = 0; x < kSide; ++x) in[y][x] = load(pixels[y][x] + c);
          transform<T>(in, out);
          store_points(out, points.at(row, c), points.stride());
        }
      },
      kPoints * image.c);
}

/// What becomes of an output: plus bias (or null), ReLU, added to what is there.
struct Finish {
  const float* bias = nullptr;
  bool relu = false, add = false;
};

/// The rows of points back to the outputs of squares first .. first + rows - 1.
void finish_squares(CpuContext& ctx, const PointMatrices& points, const Squares& squares,
                    int64_t first, int64_t rows, const Finish& finish, const Image<float>& image) {
  parallel_for(
      ctx, rows,
      [&](int64_t row) {
        const auto [n, y0, x0] = squares.at(first + row);
        for (int64_t c = 0; c < image.c; c += kLanes) {
          Lanes in[kSquare][kSquare], out[kTile][kTile];
          load_points(points.at(row, c), points.stride(), in);
          transform<OutputTransform>(in, out);
          const Lanes shift = finish.bias ? load(finish.bias + c) : Lanes{};
          for (int y = 0; y < kTile; ++y) {
            for (int x = 0; x < kTile; ++x) {
              float* pixel = image.pixel(n, y0 + y, x0 + x, nullptr);
              if (!pixel) continue;
              Lanes value = out[y][x] + shift;
              if (finish.relu) value = value > 0 ? value : Lanes{};
              if (finish.add) value += load(pixel + c);
              store(pixel + c, value);
            }
          }
        }
      },
      kPoints * image.c);
}

/// u[point] = scaled G w G^T of a filter's eight channels, at weight + k * stride, k = 0 .. 8.
void transform_filter(const float* weight, int64_t stride, bool flipped,
                      Lanes (&u)[kSquare][kSquare]) {
  Lanes w[3][3];
  for (int k = 0; k < 9; ++k) w[k / 3][k % 3] = load(weight + (flipped ? 8 - k : k) * stride);
  transform<FilterTransform>(w, u);
  for (int y = 0; y < kSquare; ++y)
    for (int x = 0; x < kSquare; ++x)
      u[y][x] *= static_cast<float>(kFilterScale[y] * kFilterScale[x]);
}

/// Matrices [C_in, C_out] from weight [C_out, 3, 3, C_in].
PointMatrices forward_filter(CpuContext& ctx, const float* weight, int64_t c_in, int64_t c_out) {
  const PointMatrices filter(c_in, c_out);
  parallel_for(
      ctx, c_out / kLanes,
      [&](int64_t block) {
        const float* first = weight + block * kLanes * 9 * c_in;
        for (int64_t c = 0; c < c_in; ++c) {
          float turned[9][kLanes];  // the weights of eight outputs side by side
          for (int lane = 0; lane < kLanes; ++lane)
            for (int k = 0; k < 9; ++k) turned[k][lane] = first[(lane * 9 + k) * c_in + c];
          Lanes u[kSquare][kSquare];
          transform_filter(turned[0], kLanes, false, u);
          store_points(u, filter.at(c, block * kLanes), filter.stride());
        }
      },
      kPoints * c_in * kLanes);
  return filter;
}

/// Matrices [C_out, C_in] of the filter turned by 180 degrees, from weight [C_out, 3, 3, C_in].
PointMatrices backward_filter(CpuContext& ctx, const float* weight, int64_t c_in, int64_t c_out) {
  const PointMatrices filter(c_out, c_in);
  parallel_for(
      ctx, c_out,
      [&](int64_t k) {
        for (int64_t c = 0; c < c_in; c += kLanes) {
          Lanes u[kSquare][kSquare];
          transform_filter(weight + k * 9 * c_in + c, c_in, true, u);
          store_points(u, filter.at(k, c), filter.stride());
        }
      },
      kPoints * c_in);
  return filter;
}

/// c = a b for each point, or c += a b.
struct Product {
  memory::desc a, b, c;
  bool accumulate;
};

const dnnl::matmul& matmul_for(const Product& product) {
  // One thread drives the backend; sizes are those of the plans of conv2d_cpu.cpp.
  static std::map<std::array<int64_t, 6>, dnnl::matmul> cache;
  const auto a = product.a.dims(), b = product.b.dims();
  const std::array<int64_t, 6> key{a[1],
                                   a[2],
                                   b[2],
                                   product.a.data.format_desc.blocking.strides[2],
                                   product.a.data.format_desc.blocking.strides[0],
                                   product.accumulate};
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  dnnl::primitive_attr attr;
  if (product.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.f);
    attr.set_post_ops(sum);
  }
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(product.a, product.b, product.c), attr,
                                          onednn_engine());
  return cache.emplace(key, dnnl::matmul(desc)).first->second;
}

void multiply(const Product& product, const PointMatrices& a, const PointMatrices& b,
              const PointMatrices& c) {
  matmul_for(product).execute(onednn_stream(),
                              {{DNNL_ARG_SRC, onednn_memory(product.a, a.storage)},
                               {DNNL_ARG_WEIGHTS, onednn_memory(product.b, b.storage)},
                               {DNNL_ARG_DST, onednn_memory(product.c, c.storage)}});
}

/// Squares that are transformed together: their points stay in the last-level cache, and a
/// transformed filter is read once for all of them.
int64_t rows_at_once(int64_t squares, int64_t c_in, int64_t c_out) {
  constexpr int64_t kBytes = 8 << 20;
  const int64_t most = std::max<int64_t>(
      64, kBytes / (kPoints * static_cast<int64_t>(sizeof(float)) * (c_in + c_out)));
  const int64_t chunks = (squares + most - 1) / most;
  return (squares + chunks - 1) / chunks;
}

/// y = conv(x, filter), finished, with matrices [C of x, C of y].
void convolve(CpuContext& ctx, const Image<const float>& x, const PointMatrices& filter,
              const Image<float>& y, int64_t images, int64_t padding, const Finish& finish) {
  const Squares squares(images, y.h, y.w);
  const int64_t most = rows_at_once(squares.count(), x.c, y.c);
  const PointMatrices from(most, x.c), to(most, y.c);
  for (int64_t first = 0; first < squares.count(); first += most) {
    const int64_t rows = std::min(most, squares.count() - first);
    transform_squares<InputTransform>(ctx, x, squares, padding, first, rows, from);
    multiply({from.desc(rows), filter.desc(filter.rows), to.desc(rows), false}, from, filter, to);
    finish_squares(ctx, to, squares, first, rows, finish, y);
  }
}

}  // namespace

bool winograd_fits(const Conv2dSizes& s, DType dtype) {
  const Conv2dOptions& o = s.options;
  if (dtype != DType::kF32 || s.kh != 3 || s.kw != 3 || o.stride != 1 || o.dilation != 1 ||
      o.groups != 1 || o.padding > 2 || s.c_in % kLanes != 0 || s.c_out % kLanes != 0)
    return false;
  // Below, the transforms of filter and squares cost more than the multiplications saved.
  constexpr int64_t kLeastSquares = 24, kLeastChannels = 32;
  return Squares(s.n, s.out_h, s.out_w).count() >= kLeastSquares &&
         std::min(s.c_in, s.c_out) >= kLeastChannels;
}

void winograd_forward(CpuContext& ctx, const Conv2dSizes& s, const Conv2dForward& args) {
  const PointMatrices filter = forward_filter(ctx, args.weight.data<float>(), s.c_in, s.c_out);
  convolve(
      ctx, {args.x.data<float>(), s.h, s.w, s.c_in}, filter,
      {args.y.data<float>(), s.out_h, s.out_w, s.c_out}, s.n, s.options.padding,
      {.bias = args.bias.defined() ? args.bias.data<float>() : nullptr, .relu = s.options.relu});
}

void winograd_backward_data(CpuContext& ctx, const Conv2dSizes& s, const Conv2dBackwardData& args) {
  const PointMatrices filter = backward_filter(ctx, args.weight.data<float>(), s.c_in, s.c_out);
  convolve(ctx, {args.grad_y.data<float>(), s.out_h, s.out_w, s.c_out}, filter,
           {args.grad_x.data<float>(), s.h, s.w, s.c_in}, s.n, 2 - s.options.padding,
           {.add = args.beta != 0});
}

void winograd_backward_weight(CpuContext& ctx, const Conv2dSizes& s,
                              const Conv2dBackwardWeight& args) {
  const Squares squares(s.n, s.out_h, s.out_w);
  const Image<const float> x{args.x.data<float>(), s.h, s.w, s.c_in};
  const Image<const float> grad_y{args.grad_y.data<float>(), s.out_h, s.out_w, s.c_out};
  const int64_t most = rows_at_once(squares.count(), s.c_in, s.c_out);
  const PointMatrices inputs(most, s.c_in), gradients(most, s.c_out), filter(s.c_out, s.c_in);
  for (int64_t first = 0; first < squares.count(); first += most) {
    const int64_t rows = std::min(most, squares.count() - first);
    transform_squares<InputTransform>(ctx, x, squares, s.options.padding, first, rows, inputs);
    transform_squares<OutputGradientTransform>(ctx, grad_y, squares, 0, first, rows, gradients);
    multiply({gradients.transposed_desc(rows), inputs.desc(rows), filter.desc(s.c_out), first > 0},
             gradients, inputs, filter);
  }
  float* grad_weight = args.grad_weight.data<float>();
  const bool add = args.beta != 0;
  parallel_for(
      ctx, s.c_out,
      [&](int64_t k) {
        for (int64_t c = 0; c < s.c_in; c += kLanes) {
          Lanes u[kSquare][kSquare], w[3][3];
          load_points(filter.at(k, c), filter.stride(), u);
          for (int y = 0; y < kSquare; ++y)
            for (int i = 0; i < kSquare; ++i)
              u[y][i] *= static_cast<float>(kFilterScale[y] * kFilterScale[i]);
          transform<FilterGradientTransform>(u, w);
          for (int i = 0; i < 9; ++i) {
            float* target = grad_weight + (k * 9 + i) * s.c_in + c;
            store(target, add ? load(target) + w[i / 3][i % 3] : w[i / 3][i % 3]);
          }
        }
      },
      kPoints * s.c_in);
}

}  // namespace denovo::ops
