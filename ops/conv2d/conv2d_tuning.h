// Which engine serves a convolution on a GPU: by measurement instead of cuDNN's heuristics.
#pragma once

#include <string>

#include "core/backend.h"

namespace denovo::ops {

/// From now on the fastest of the engines that obey the rules (core/cuda/cudnn_graph.h) serves each
/// convolution of this GPU: measured when its sizes are first met, written to the file, and read
/// from there by the next process. Engines differ in the last bits, so a run that is to continue as
/// it began keeps its file. One that another GPU or another cuDNN made is started anew. Throws
/// IoError when the file holds something else, ResourceError when it cannot be written.
void tune_convolutions(CudaContext& ctx, const std::string& path);
/// Nothing: oneDNN has one way for each convolution.
void tune_convolutions(CpuContext& ctx, const std::string& path);

}  // namespace denovo::ops
