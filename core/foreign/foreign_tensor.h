// Values of foreign files as tensors.
#pragma once

#include "core/foreign/foreign_file.h"
#include "core/tensor/tensor.h"

namespace denovo::foreign {

/// The dtype that holds all values of an element type: f16 becomes f32, i16 and i8 become i32.
DType dtype_of(ElementType type);

/// The tensor with the same values, contiguous on the CPU. Throws IoError when the rank is above
/// Shape::kMaxRank, or a byte of a bool is neither 0 nor 1.
Tensor read_tensor(const ForeignFile& file, const ForeignTensor& tensor);

}  // namespace denovo::foreign
