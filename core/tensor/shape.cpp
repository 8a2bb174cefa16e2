#include "core/tensor/shape.h"

#include "core/error.h"
#include "core/tensor/dtype.h"

namespace denovo {

Shape::Shape(const int64_t* sizes, int rank) : rank_(rank) {
  if (rank > kMaxRank) {
    throw ShapeError("shape: at most 6 dimensions are supported, got " + std::to_string(rank));
  }
  for (int i = 0; i < rank; ++i) {
    if (sizes[i] < 0)
      throw ShapeError("shape: sizes must not be negative, got " + std::to_string(sizes[i]));
    sizes_[i] = sizes[i];
  }
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::string_view name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kF64:
      return "f64";
    case DType::kBF16:
      return "bf16";
    case DType::kI32:
      return "i32";
    case DType::kI64:
      return "i64";
    case DType::kU8:
      return "u8";
    case DType::kBool:
      return "bool";
  }
  return "unknown";
}

}  // namespace denovo
