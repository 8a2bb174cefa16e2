#include "core/foreign/foreign_tensor.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/files/safetensors.h"

namespace denovo::foreign {
namespace {

/// IEEE 754 binary16, subnormal numbers, infinities and the payload of NaN included.
float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -magnitude : magnitude;
  }
  const uint32_t widened = exponent == 0x1f ? 0xff : exponent + 127 - 15;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

template <class From, class To, class Convert>
void widen(const ForeignFile& file, const ForeignTensor& tensor, To* into, Convert convert) {
  std::vector<From> elements(static_cast<size_t>(tensor.numel()));
  file.read(tensor, elements.data());
  for (size_t i = 0; i < elements.size(); ++i) into[i] = convert(elements[i]);
}

}  // namespace

DType dtype_of(ElementType type) {
  switch (type) {
    case ElementType::kF64:
      return DType::kF64;
    case ElementType::kF32:
    case ElementType::kF16:
      return DType::kF32;
    case ElementType::kBF16:
      return DType::kBF16;
    case ElementType::kI64:
      return DType::kI64;
    case ElementType::kI32:
    case ElementType::kI16:
    case ElementType::kI8:
      return DType::kI32;
    case ElementType::kU8:
      return DType::kU8;
    case ElementType::kBool:
      return DType::kBool;
  }
  throw InternalError("foreign: element type has no dtype");
}

Tensor read_tensor(const ForeignFile& file, const ForeignTensor& tensor) {
  const std::string place = tensor_place(file.path(), tensor.full_name());
  if (tensor.shape.size() > static_cast<size_t>(Shape::kMaxRank))
    throw IoError(fmt::format("{}: must have at most {} dimensions, got {}", place, Shape::kMaxRank,
                              tensor.shape.size()));
  const Tensor result = Tensor::empty(
      Shape(tensor.shape.data(), static_cast<int>(tensor.shape.size())), dtype_of(tensor.type));
  switch (tensor.type) {
    case ElementType::kF16:
      widen<uint16_t>(file, tensor, result.data<float>(), half_to_float);
      break;
    case ElementType::kI16:
      widen<int16_t>(file, tensor, result.data<int32_t>(), [](int16_t v) { return int32_t{v}; });
      break;
    case ElementType::kI8:
      widen<int8_t>(file, tensor, result.data<int32_t>(), [](int8_t v) { return int32_t{v}; });
      break;
    default:
      file.read(tensor, result.raw());
  }
  check_bools(result, place);
  return result;
}

}  // namespace denovo::foreign
