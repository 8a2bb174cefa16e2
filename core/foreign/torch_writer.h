// State dicts as PyTorch writes them.
#pragma once

#include <string>

#include "core/files/safetensors.h"

namespace denovo::foreign {

/// Writes an OrderedDict of f32 tensors that `torch.load(path, weights_only=True)` of PyTorch 1.6
/// and later opens, by atomic replacement. The bytes depend on the arguments alone. Tensors must be
/// f32 on the CPU (InternalError). Throws ResourceError.
void write_torch_archive(const std::string& path, const NamedTensors& tensors);

}  // namespace denovo::foreign
