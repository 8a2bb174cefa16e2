// Which engine serves a convolution on a GPU: by measurement instead of cuDNN's heuristics.
#pragma once

#include <string>

#include "core/kernels/backend.h"

namespace denovo::ops {

void tune_convolutions(CudaContext& ctx, const std::string& path);
void tune_convolutions(CpuContext& ctx, const std::string& path);
void stop_tuning_convolutions(CudaContext& ctx);
void stop_tuning_convolutions(CpuContext& ctx);

/// While it lives, the fastest of the engines that obey the rules (core/cuda/cudnn_graph.h) serves
/// each convolution of a GPU: measured when its sizes are first met, written to the file, and read
/// from there by the next process. Engines differ in the last bits, so a run that is to continue as
/// it began keeps its file. One that another GPU or another cuDNN made is started anew. Nothing on
/// the CPU. Throws IoError when the file holds something else, ResourceError when it cannot be
/// written.
class TunedConvolutions {
 public:
  TunedConvolutions(Device device, const std::string& path) : device_(device) {
    with_backend(device_, [&](auto& ctx) { tune_convolutions(ctx, path); });
  }
  ~TunedConvolutions() {
    with_backend(device_, [](auto& ctx) { stop_tuning_convolutions(ctx); });
  }
  TunedConvolutions(const TunedConvolutions&) = delete;
  TunedConvolutions& operator=(const TunedConvolutions&) = delete;

 private:
  const Device device_;
};

}  // namespace denovo::ops
