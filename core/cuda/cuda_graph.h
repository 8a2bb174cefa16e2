// A recording of what is enqueued on a GPU. No CUDA headers: core/run/repeated_work.cpp includes
// this.
#pragma once

#include <functional>
#include <memory>

#include "core/tensor/storage.h"

struct CUgraphExec_st;

namespace denovo {

/// False when the host waits for every kernel (DENOVO_CUDA_SYNC=1).
bool cuda_can_record();

/// The memory that the recorded work allocates and frees belongs to the graphs of the GPU, which
/// share it among each other: they run one after the other.
class CudaGraph {
 public:
  explicit CudaGraph(Device device);
  ~CudaGraph();
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  /// Runs work with a stream that notes instead of executing.
  void record(const std::function<void()>& work);
  bool is_recorded() const { return executable_ != nullptr; }
  /// Enqueues the record.
  void launch();

 private:
  Device device_;
  CUgraphExec_st* executable_ = nullptr;
  std::shared_ptr<Storage> workspace_;  // of the libraries' calls in the record
};

}  // namespace denovo
