// The file of tuned convolutions; private to ops/conv2d and its tests. CUDA builds only.
#pragma once

#include <string>
#include <unordered_map>

#include "core/cuda/cudnn_graph.h"
#include "ops/conv2d/conv2d_key.h"

namespace denovo::ops {

/// One line per convolution: what it is, a colon, engine and knobs.
///   bf16 16 0 forward 2 200 272 64 200 272 64 3 3 1 1 1 1 0 0 0: 62 3=1 19=4
class Conv2dChoices {
 public:
  /// Reads the file, if there is one of this machine: its first line names GPU and cuDNN. Throws
  /// IoError `choices.txt: line 7 must be a convolution and its engine, got '...'`.
  Conv2dChoices(std::string path, const std::string& machine);

  /// Null when there is none.
  const CudnnChoice* find(const Conv2dKey& key) const;
  /// Also to the file.
  void add(const Conv2dKey& key, const CudnnChoice& choice);

 private:
  void append(const std::string& line) const;

  const std::string path_;
  std::unordered_map<Conv2dKey, CudnnChoice, HashWords> choices_;
};

}  // namespace denovo::ops
