// NumPy arrays as pickle holds them.
#pragma once

#include <string_view>
#include <vector>

#include "core/foreign/foreign_file.h"
#include "core/foreign/pickled_values.h"

namespace denovo::foreign {

/// Whether a call of this function is an array; numbers (multiarray.scalar) are none.
bool is_array_call(std::string_view global);

/// The array of a call, with a storage of its own appended to `storages`. Throws IoError
/// "<where>: …".
ForeignTensor pickled_array(const PickledValues& values, const PickleValue& call,
                            std::vector<ForeignStorage>& storages);

/// The element type of a NumPy type string, "<f4" or, where the order of bytes is told apart, "f4".
/// Throws IoError "<where>: …" for big-endian elements and types that no tensor here has.
ElementType numpy_type(std::string_view type, const std::string& where);

/// Strides of rows (C order) or of columns (Fortran's). Sizes that overflow give strides that
/// reach beyond any storage.
std::vector<int64_t> packed_strides(const std::vector<int64_t>& shape, bool fortran_order);

}  // namespace denovo::foreign
