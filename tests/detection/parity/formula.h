// Weights and images by one integer formula, the same bits as tests/oracles/formula.py, so that
// reference numbers need no weight file.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/tensor/tensor.h"

namespace denovo::testing {

/// FNV-1a, 64 bits.
inline uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

/// Element index of the tensor called name: exact, in [-1, 1).
inline double symmetric(uint64_t name_hash, int64_t index) {
  uint64_t z = name_hash ^ (static_cast<uint64_t>(index) * 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z = z ^ (z >> 31);
  return 2.0 * (static_cast<double>(z >> 11) * 0x1p-53) - 1.0;
}

/// offset + scale * symmetric(name, i) for the row-major index i, computed in f64, then rounded to
/// dtype (f32 or f64).
inline Tensor drawn(std::string_view name, const Shape& shape, double offset, double scale,
                    DType dtype) {
  const uint64_t hash = fnv1a64(name);
  const Tensor tensor = Tensor::empty(shape, dtype);
  const auto fill = [&](auto* values) {
    using T = std::remove_pointer_t<decltype(values)>;
    for (int64_t i = 0; i < shape.numel(); ++i)
      values[i] = static_cast<T>(offset + scale * symmetric(hash, i));
  };
  if (dtype == DType::kF32) {
    fill(tensor.data<float>());
  } else {
    fill(tensor.data<double>());
  }
  return tensor;
}

/// The f64 oracles' weights, of PyTorch's shapes: norms around 1, biases around 0, the rest uniform
/// with variance 1/fan_in.
inline Tensor drawn_weight(std::string_view name, const Shape& shape) {
  double offset = 0, scale = 0.1;
  if (name.ends_with("norm.weight")) {
    offset = 1;
  } else if (!name.ends_with("bias")) {
    const bool transposed = name.find("deconv") != std::string_view::npos;
    const int64_t fan_in = transposed ? shape[0] : shape.numel() / shape[0];
    scale = std::sqrt(3.0 / static_cast<double>(fan_in));
  }
  return drawn(name, shape, offset, scale, DType::kF64);
}

}  // namespace denovo::testing
