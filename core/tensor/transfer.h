// Tensors between the host and a device without waiting for what the device does.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo {

class CudaDownload;

/// A host tensor on the device: a copy that is made in stream order while the device works on, from
/// pinned memory that is kept for it. The host tensor may change afterwards. On the CPU the tensor
/// itself.
Tensor upload(const Tensor& host, Device device);
/// The same of several; undefined ones stay so.
std::vector<Tensor> upload(std::span<const Tensor> host, Device device);
/// The same into a tensor of the host tensor's shape and dtype.
void upload_into(const Tensor& destination, const Tensor& host);

/// Waits until the device has done all that was enqueued. Nothing to wait for on the CPU.
void synchronize(Device device);

/// A copy for the host, of what a tensor holds when everything enqueued so far has run.
class HostCopy {
 public:
  explicit HostCopy(const Tensor& source);

  /// Waits until the copy is there, and for nothing that was enqueued after it.
  const Tensor& get();

 private:
  Tensor host_;
  std::shared_ptr<CudaDownload> download_;  // null on the CPU, and once it is there
};

}  // namespace denovo
