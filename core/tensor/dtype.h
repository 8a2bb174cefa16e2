// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/tensor/bfloat16.h"

namespace denovo {

enum class DType : uint8_t { kF32, kF64, kBF16, kI32, kI64, kU8, kBool };

constexpr size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kI32:
      return 4;
    case DType::kF64:
    case DType::kI64:
      return 8;
    case DType::kBF16:
      return 2;
    case DType::kU8:
    case DType::kBool:
      return 1;
  }
  return 0;
}

/// "f32", "f64", "bf16", "i32", "i64", "u8", "bool".
std::string_view name(DType dtype);

constexpr bool is_floating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kBF16;
}

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kF64;
};
template <>
struct DTypeOf<bfloat16> {
  static constexpr DType value = DType::kBF16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kI32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::kI64;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::kU8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::kBool;
};
template <class T>
constexpr DType dtype_of = DTypeOf<std::remove_const_t<T>>::value;

/// The type arithmetic on T is done in: f32 for f32 and bf16, f64 for f64.
template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<bfloat16> {
  using type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::type;
/// The same for a dtype at run time: f64 for f64, f32 for all others.
constexpr DType compute_dtype(DType dtype) {
  return dtype == DType::kF64 ? DType::kF64 : DType::kF32;
}

/// Calls f.template operator()<T>() with T = float, double or bfloat16; the caller has checked
/// that dtype is floating.
template <class F>
decltype(auto) dispatch_floating(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kF32:
      return f.template operator()<float>();
    case DType::kF64:
      return f.template operator()<double>();
    case DType::kBF16:
      return f.template operator()<bfloat16>();
    default:
      throw InternalError("dispatch_floating: dtype is not floating point");
  }
}

/// As dispatch_floating, for copies: every type.
template <class F>
decltype(auto) dispatch_all(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kI32:
      return f.template operator()<int32_t>();
    case DType::kI64:
      return f.template operator()<int64_t>();
    case DType::kU8:
      return f.template operator()<uint8_t>();
    case DType::kBool:
      return f.template operator()<bool>();
    default:
      return dispatch_floating(dtype, std::forward<F>(f));
  }
}

/// As dispatch_floating, for arithmetic that exists in f32 and f64 only (boxes, losses).
template <class F>
decltype(auto) dispatch_f32_f64(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kF32:
      return f.template operator()<float>();
    case DType::kF64:
      return f.template operator()<double>();
    default:
      throw InternalError("dispatch_f32_f64: dtype is neither f32 nor f64");
  }
}

}  // namespace denovo
