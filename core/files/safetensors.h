// Weights, optimiser state and reference numbers on disk: ordered names and tensors, and texts, in
// the safetensors format (core/files/safetensors_header.h), readable from Python.
//
// Values are stored as they lie in the tensor; who wants PyTorch's layouts in the file permutes
// before writing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/files/safetensors_header.h"
#include "core/tensor/tensor.h"

namespace denovo {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Throws IoError "<place>: element …" when a byte of a bool tensor is neither 0 nor 1, which would
/// be undefined behaviour; other dtypes pass.
void check_bools(const Tensor& tensor, const std::string& place);

/// An open file, whose header has been checked. Tensors are read on demand into memory of their
/// own, not mapped: a file that is cut short meanwhile is an error and not a SIGBUS.
class SafetensorsFile {
 public:
  /// Throws IoError as read_safetensors_header does.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }
  const Metadata& metadata() const { return header_.metadata; }
  /// Null when there is no tensor of this name.
  const SafetensorsEntry* find(std::string_view name) const;

  /// On the CPU. Throws IoError when the dtype is none of F32, F64, BF16, I32, I64, U8, BOOL, the
  /// rank is above Shape::kMaxRank, or a byte of a BOOL tensor is neither 0 nor 1.
  Tensor read(const SafetensorsEntry& entry) const;
  /// As above; throws IoError naming the nearest tensor when there is none of this name.
  Tensor read(std::string_view name) const;

 private:
  FileReader file_;
  SafetensorsHeader header_;
};

/// All tensors, in the order in which they were written.
NamedTensors read_safetensors(const std::string& path);

/// Writes by atomic replacement, after making sure that the disk has room. Names must differ and
/// hold to the limits of the format (InternalError). Tensors on other devices are copied over one
/// by one. The bytes depend on the arguments alone. Throws ResourceError.
void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const Metadata& metadata = {});

}  // namespace denovo
