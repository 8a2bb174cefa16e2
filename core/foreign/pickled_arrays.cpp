#include "core/foreign/pickled_arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/error.h"

namespace denovo::foreign {
namespace {

using Kind = PickleValue::Kind;

struct NumpyType {
  std::string_view name;
  ElementType type;
};
constexpr std::array kNumpyTypes = {
    NumpyType{"f8", ElementType::kF64}, NumpyType{"f4", ElementType::kF32},
    NumpyType{"f2", ElementType::kF16}, NumpyType{"i8", ElementType::kI64},
    NumpyType{"i4", ElementType::kI32}, NumpyType{"i2", ElementType::kI16},
    NumpyType{"i1", ElementType::kI8},  NumpyType{"u1", ElementType::kU8},
    NumpyType{"b1", ElementType::kBool}};

/// dtype('f4', …) with the state (3, '<', …).
ElementType dtype_of(const PickledValues& values, const PickleValue& dtype) {
  if (dtype.kind != Kind::kCall || values.global(values.at(dtype, 0)) != "numpy dtype")
    values.fail("an array must say its dtype");
  std::string type = values.text(values.at(values.at(dtype, 1), 0));
  if (dtype.items.size() > 2 && values.at(dtype, 2).items.size() > 1)
    type = values.text(values.at(values.at(dtype, 2), 1)) + type;
  return numpy_type(type, values.where());
}

/// The bytes of an array: bytes, or the call encode(text, 'latin1'), bytearray(bytes) or bytes().
ForeignStorage storage_of(const PickledValues& values, const PickleValue& data, int64_t bytes) {
  const bool is_call = data.kind == Kind::kCall;
  if (is_call && bytes == 0 && values.at(data, 1).items.empty()) return {};
  const bool is_encoded = is_call && values.global(values.at(data, 0)) == "_codecs encode";
  const PickleValue& payload = is_call ? values.at(values.at(data, 1), 0) : data;
  ForeignStorage storage;
  storage.bytes = bytes;
  storage.span = payload.span;
  if (is_encoded && payload.kind == Kind::kText) {
    storage.kind = ForeignStorage::Kind::kLatin1;
    // A character is one byte or two of the text.
    if (bytes > payload.span.size || bytes < payload.span.size / 2)
      values.fail(
          fmt::format("an array must have {} bytes, got a text of {}", bytes, payload.span.size));
    return storage;
  }
  if (payload.kind != Kind::kBytes) values.fail("an array must hold bytes, not Python objects");
  if (payload.span.size != bytes)
    values.fail(fmt::format("an array must have {} bytes, got {}", bytes, payload.span.size));
  return storage;
}

}  // namespace

bool is_array_call(std::string_view global) {
  return global.ends_with("multiarray _reconstruct") || global.ends_with("numeric _frombuffer");
}

ElementType numpy_type(std::string_view type, const std::string& where) {
  std::string_view element = type;
  if (element.starts_with('>'))
    throw IoError(fmt::format("{}: must be little-endian, got elements {}", where, type));
  while (!element.empty() && (element[0] == '<' || element[0] == '|' || element[0] == '='))
    element.remove_prefix(1);
  const auto known = std::find_if(kNumpyTypes.begin(), kNumpyTypes.end(),
                                  [&](const NumpyType& entry) { return entry.name == element; });
  if (known == kNumpyTypes.end())
    throw IoError(
        fmt::format("{}: no tensor here holds NumPy's elements {}", where, type.substr(0, 40)));
  return known->type;
}

std::vector<int64_t> packed_strides(const std::vector<int64_t>& shape, bool fortran_order) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t d = fortran_order ? i : shape.size() - 1 - i;
    strides[d] = stride;
    if (__builtin_mul_overflow(stride, std::max<int64_t>(shape[d], 1), &stride))
      stride = std::numeric_limits<int64_t>::max();
  }
  return strides;
}

ForeignTensor pickled_array(const PickledValues& values, const PickleValue& call,
                            std::vector<ForeignStorage>& storages) {
  ForeignTensor tensor;
  const PickleValue* data = nullptr;
  bool fortran_order = false;
  if (values.global(values.at(call, 0)).ends_with("_frombuffer")) {
    // _frombuffer(bytes, dtype, shape, 'C')
    const PickleValue& arguments = values.at(call, 1);
    data = &values.at(arguments, 0);
    tensor.type = dtype_of(values, values.at(arguments, 1));
    tensor.shape = values.integers(values.at(arguments, 2));
    fortran_order = values.text(values.at(arguments, 3)) == "F";
  } else {
    // _reconstruct(ndarray, (0,), 'b') with the state (version, shape, dtype, fortran order, bytes)
    const PickleValue& state = values.at(call, 2);
    tensor.shape = values.integers(values.at(state, 1));
    tensor.type = dtype_of(values, values.at(state, 2));
    fortran_order = values.boolean(values.at(state, 3));
    data = &values.at(state, 4);
  }
  tensor.strides = packed_strides(tensor.shape, fortran_order);
  int64_t bytes = size_of(tensor.type);
  for (const int64_t size : tensor.shape)
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes))
      values.fail("an array must have a possible size");
  tensor.storage = storages.size();
  storages.push_back(storage_of(values, *data, bytes));
  return tensor;
}

}  // namespace denovo::foreign
