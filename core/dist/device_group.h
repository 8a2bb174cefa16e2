// Sums over ranks of tensors on GPUs, for the process group that has made the ranks acquainted.
#pragma once

#include <memory>
#include <string>

#include "core/tensor/tensor.h"

namespace denovo {

/// As ProcessGroup, in stream order: the host waits for nothing but wait().
class DeviceGroup {
 public:
  virtual ~DeviceGroup() = default;
  virtual void all_reduce(const Tensor& tensor) = 0;
  virtual void start_all_reduce(const Tensor& tensor) = 0;
  virtual void finish_all_reduces() = 0;
  virtual void broadcast(const Tensor& tensor) = 0;
  /// Blocks the calling thread until all that was started is done.
  virtual void wait() = 0;
  /// The last call of a rank that fails: what was started ends without a result, also where the
  /// other ranks never come.
  virtual void abort() = 0;
};

/// What rank 0 hands to the others.
std::string make_nccl_id();
/// Collective. CUDA builds only.
std::unique_ptr<DeviceGroup> join_nccl(Device device, int rank, int size, const std::string& id);

}  // namespace denovo
