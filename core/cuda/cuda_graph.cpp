#include "core/cuda/cuda_graph.h"

#include <cuda_runtime.h>
#include <fmt/format.h>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"
#include "core/error.h"

namespace denovo {
namespace {

/// Memory is taken when a graph is made ready or first launched.
void check_graph(cudaError_t status, const char* what, Device device,
                 const std::source_location& where = std::source_location::current()) {
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw ResourceError(fmt::format(
        "{} memory: no room for the CUDA graph of an update beside {} MiB in use by tensors; set "
        "solver.cuda_graph=false, or lower the batch or the image size",
        to_string(device), memory_stats(device).in_use_bytes >> 20));
  }
  check_cuda(status, what, where);
}

}  // namespace

bool cuda_can_record() {
  return !cuda_sync_requested();
}

CudaGraph::CudaGraph(Device device) : device_(device) {
  // The first run allocates from the pool what other graphs hold for themselves.
  cuda_context(device).synchronize();
  check_cuda(cudaDeviceGraphMemTrim(device.index), "cudaDeviceGraphMemTrim");
}

CudaGraph::~CudaGraph() {
  if (executable_) cudaGraphExecDestroy(executable_);
}

void CudaGraph::record(const std::function<void()>& work) {
  CudaContext& ctx = cuda_context(device_);
  // Now the other way round: the pool would keep what the first run took.
  release_cached_memory(device_);
  cudaGraph_t graph = nullptr;
  check_cuda(cudaStreamBeginCapture(ctx.stream(), cudaStreamCaptureModeThreadLocal),
             "cudaStreamBeginCapture");
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(ctx.stream(), &graph);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  check_cuda(cudaStreamEndCapture(ctx.stream(), &graph), "cudaStreamEndCapture");
  const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
  cudaGraphDestroy(graph);
  check_graph(status, "cudaGraphInstantiate", device_);
  workspace_ = ctx.workspace_storage();
}

void CudaGraph::launch() {
  const cudaStream_t stream = cuda_context(device_).stream();
  cudaError_t status = cudaGraphLaunch(executable_, stream);
  if (status == cudaErrorMemoryAllocation) {
    // An evaluation since the last launch has left its memory in the pool.
    cudaGetLastError();
    release_cached_memory(device_);
    status = cudaGraphLaunch(executable_, stream);
  }
  check_graph(status, "cudaGraphLaunch", device_);
}

}  // namespace denovo
