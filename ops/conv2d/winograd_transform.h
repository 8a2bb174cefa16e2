// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, 2015, "Fast algorithms for
// convolutional neural networks"): a 3x3 filter over a 6x6 square gives a 4x4 square by one product
// for each of 36 points, a quarter of the multiplications.
//
//   y  = A^T [ (G w G^T) * (B^T x B) ] A      * is element by element, summed over input channels
//   dw = G^T [ sum over squares (A dy A^T) * (B^T x B) ] G
//
// Points 0, +-3/4, +-3/2 and infinity: their matrices have the smallest errors in f32 of those
// tried, 1.5e-6 of the largest output for 256 channels (0, +-1, +-2 and infinity: 5.5e-6; plain
// sums: 2e-7), and all but the filter's scales are exact. Each function is one axis, on eight
// channels at once.
#pragma once

#include <cstring>

namespace denovo::ops::winograd {

inline constexpr int kTile = 4;    // outputs per side of a square
inline constexpr int kSquare = 6;  // inputs per side, and points per axis
inline constexpr int kPoints = kSquare * kSquare;
inline constexpr int kLanes = 8;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

inline Lanes load(const float* p) {
  Lanes lanes;
  std::memcpy(&lanes, p, sizeof lanes);
  return lanes;
}
inline void store(float* p, const Lanes& lanes) {
  std::memcpy(p, &lanes, sizeof lanes);
}

inline constexpr float kA = 0.75f, kB = 1.5f, kA2 = kA * kA, kB2 = kB * kB;
/// What G w below lacks: the inverse of the product of differences to the other points.
inline constexpr double kFilterScale[kSquare] = {1 / (double{kA2} * kB2),
                                                 1 / (2.0 * kA2 * (double{kA2} - kB2)),
                                                 1 / (2.0 * kA2 * (double{kA2} - kB2)),
                                                 1 / (2.0 * kB2 * (double{kB2} - kA2)),
                                                 1 / (2.0 * kB2 * (double{kB2} - kA2)),
                                                 1};

/// B^T x: 6 inputs -> 6 points.
struct InputTransform {
  static constexpr int kIn = kSquare, kOut = kSquare;
  static void apply(const Lanes (&x)[kIn], Lanes (&v)[kOut]) {
    const Lanes even_a = x[4] - kB2 * x[2], odd_a = kA * (x[3] - kB2 * x[1]);
    const Lanes even_b = x[4] - kA2 * x[2], odd_b = kB * (x[3] - kA2 * x[1]);
    v[0] = kA2 * kB2 * x[0] - (kA2 + kB2) * x[2] + x[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = kA2 * kB2 * x[1] - (kA2 + kB2) * x[3] + x[5];
  }
};

/// A^T m: 6 points -> 4 outputs.
struct OutputTransform {
  static constexpr int kIn = kSquare, kOut = kTile;
  static void apply(const Lanes (&m)[kIn], Lanes (&y)[kOut]) {
    const Lanes even_a = m[1] + m[2], odd_a = kA * (m[1] - m[2]);
    const Lanes even_b = m[3] + m[4], odd_b = kB * (m[3] - m[4]);
    y[0] = m[0] + even_a + even_b;
    y[1] = odd_a + odd_b;
    y[2] = kA2 * even_a + kB2 * even_b;
    y[3] = kA2 * odd_a + kB2 * odd_b + m[5];
  }
};

/// A dy: 4 gradients of outputs -> 6 points.
struct OutputGradientTransform {
  static constexpr int kIn = kTile, kOut = kSquare;
  static void apply(const Lanes (&g)[kIn], Lanes (&e)[kOut]) {
    const Lanes even_a = g[0] + kA2 * g[2], odd_a = kA * (g[1] + kA2 * g[3]);
    const Lanes even_b = g[0] + kB2 * g[2], odd_b = kB * (g[1] + kB2 * g[3]);
    e[0] = g[0];
    e[1] = even_a + odd_a;
    e[2] = even_a - odd_a;
    e[3] = even_b + odd_b;
    e[4] = even_b - odd_b;
    e[5] = g[3];
  }
};

/// G w without kFilterScale: 3 weights -> 6 points.
struct FilterTransform {
  static constexpr int kIn = 3, kOut = kSquare;
  static void apply(const Lanes (&w)[kIn], Lanes (&u)[kOut]) {
    const Lanes even_a = w[0] + kA2 * w[2], odd_a = kA * w[1];
    const Lanes even_b = w[0] + kB2 * w[2], odd_b = kB * w[1];
    u[0] = w[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = w[2];
  }
};

/// G^T u for u that is scaled by kFilterScale: 6 points -> 3 gradients of weights.
struct FilterGradientTransform {
  static constexpr int kIn = kSquare, kOut = 3;
  static void apply(const Lanes (&u)[kIn], Lanes (&w)[kOut]) {
    const Lanes even_a = u[1] + u[2], even_b = u[3] + u[4];
    w[0] = u[0] + even_a + even_b;
    w[1] = kA * (u[1] - u[2]) + kB * (u[3] - u[4]);
    w[2] = kA2 * even_a + kB2 * even_b + u[5];
  }
};

/// T along both axes of a square.
template <class T>
void transform(const Lanes (&in)[T::kIn][T::kIn], Lanes (&out)[T::kOut][T::kOut]) {
  Lanes half[T::kOut][T::kIn];
  for (int column = 0; column < T::kIn; ++column) {
    Lanes from[T::kIn], to[T::kOut];
    for (int row = 0; row < T::kIn; ++row) from[row] = in[row][column];
    T::apply(from, to);
    for (int row = 0; row < T::kOut; ++row) half[row][column] = to[row];
  }
  for (int row = 0; row < T::kOut; ++row) T::apply(half[row], out[row]);
}

}  // namespace denovo::ops::winograd
