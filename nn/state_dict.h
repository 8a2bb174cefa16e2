// Saving and loading a module's tensors by name, in PyTorch's layouts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/module.h"

namespace denovo::nn {

/// Ordered name -> tensor, host memory, layouts of files (FileFormat).
using StateDict = std::vector<std::pair<std::string, Tensor>>;

/// Copies of all parameters and buffers.
StateDict state_dict(const Module& module);

struct LoadReport {
  std::vector<std::string> missing;     // in the module, not in the file
  std::vector<std::string> unexpected;  // in the file, not in the module
  std::vector<std::string> mismatched;  // "name: expected [..], got [..]"
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
  /// All three lists in one line, at most a few names of each.
  std::string summary() const;
};

/// Copies what fits by exact name and shape, converting layout and dtype; the rest is reported and
/// left alone.
LoadReport load_state_dict(const Module& module, const StateDict& state);
/// What load_state_dict would report; changes nothing.
LoadReport compare_state_dict(const Module& module, const StateDict& state);
/// As load_state_dict, but changes nothing and throws IoError `<source>: …` unless everything fits.
void load_state_dict_strict(const Module& module, const StateDict& state,
                            const std::string& source);

/// One tensor between our layout and the files'.
Tensor to_file_layout(const Tensor& tensor, const FileFormat& format);
Tensor from_file_layout(const Tensor& tensor, const FileFormat& format);
/// The shape that a parameter has in files.
Shape file_shape(const Shape& shape, const FileFormat& format);

}  // namespace denovo::nn
