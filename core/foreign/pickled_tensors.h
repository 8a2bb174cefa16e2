// The tensors and arrays in a pickle of PyTorch or NumPy.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/foreign/foreign_file.h"
#include "core/foreign/pickle.h"

namespace denovo::foreign {

/// All functions and types that weights need, "module name", for Pickle.
std::span<const std::string_view> weight_globals();

/// The element type of a storage class of torch ("FloatStorage").
/// Throws IoError "<where>: …" for a class that no tensor here can hold.
ElementType storage_type(std::string_view torch_class, const std::string& where);

/// What the identifier of a storage says: ('storage', class, key, location, elements) and, in old
/// files, a view.
struct TorchStorage {
  ElementType type = ElementType::kF32;
  std::string key;
  int64_t bytes = 0;
};

/// Index in ForeignContents::storages; the same for the same key.
using StorageOf = std::function<size_t(const TorchStorage&)>;

/// Appends every tensor that dicts and lists lead to from the root, and the storages of arrays.
/// What is neither is passed over. Arrays refer to `contents.source`, from which the pickle was
/// read.
/// Throws IoError "<where>: …" for tensors whose description is not as torch and NumPy write it,
/// for big-endian arrays and element types that no tensor here has.
void collect_tensors(const Pickle& pickle, const StorageOf& storage_of, ForeignContents& contents);

}  // namespace denovo::foreign
