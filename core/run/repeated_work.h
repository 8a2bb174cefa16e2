// Work that a device repeats with the same shapes in the same memory. A GPU records it as a CUDA
// graph and then replays thousands of launches by one call of the host.
#pragma once

#include <functional>
#include <memory>

#include "core/tensor/device.h"

namespace denovo {

class CudaGraph;

/// What is recorded must hold the second time as the first: the work enqueues, and neither reads
/// what the device computes nor uploads anything; its inputs and results are tensors that outlive
/// this object; what else it allocates it frees. Work that breaks a rule throws InternalError when
/// it is recorded, on the CPU too, where every call runs it.
class RepeatedWork {
 public:
  explicit RepeatedWork(Device device);

  /// Enqueues the work. The first call runs it, which makes whatever is made once: plans, tables,
  /// scratch memory. The second records it; later ones replay the record and do not look at work.
  /// With DENOVO_CUDA_SYNC=1 every call runs it. Throws what work throws; ResourceError when the
  /// device has no memory for the record.
  void run(const std::function<void()>& work);

 private:
  void record(const std::function<void()>& work);

  Device device_;
  bool has_run_ = false;
  std::shared_ptr<CudaGraph> graph_;  // null where nothing is replayed
};

/// To be called by whatever makes the host and a device wait for, or copy to, each other. Throws
/// InternalError while the calling thread records: `recorded work: must not call upload`.
void forbid_while_recording(const char* what);

}  // namespace denovo
