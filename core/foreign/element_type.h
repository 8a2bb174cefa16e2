// Element types of tensors in files of other programs: more than a Tensor knows (dtype.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace denovo::foreign {

enum class ElementType : uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

constexpr int64_t size_of(ElementType type) {
  switch (type) {
    case ElementType::kF64:
    case ElementType::kI64:
      return 8;
    case ElementType::kF32:
    case ElementType::kI32:
      return 4;
    case ElementType::kF16:
    case ElementType::kBF16:
    case ElementType::kI16:
      return 2;
    case ElementType::kI8:
    case ElementType::kU8:
    case ElementType::kBool:
      return 1;
  }
  return 0;
}

/// "f64", "f16", "i8", …
constexpr std::string_view name(ElementType type) {
  switch (type) {
    case ElementType::kF64:
      return "f64";
    case ElementType::kF32:
      return "f32";
    case ElementType::kF16:
      return "f16";
    case ElementType::kBF16:
      return "bf16";
    case ElementType::kI64:
      return "i64";
    case ElementType::kI32:
      return "i32";
    case ElementType::kI16:
      return "i16";
    case ElementType::kI8:
      return "i8";
    case ElementType::kU8:
      return "u8";
    case ElementType::kBool:
      return "bool";
  }
  return {};
}

}  // namespace denovo::foreign
