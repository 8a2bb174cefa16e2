#include "core/tensor/tensor.h"

#include <fmt/format.h>

#include <cstring>

#include "core/cuda/cuda_allocator.h"
#include "core/kernels/backend.h"
#include "core/run/repeated_work.h"
#include "core/tensor/tensor_kernels.h"

namespace denovo {

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  const size_t bytes = static_cast<size_t>(shape.numel()) * size_of(dtype);
  return from_storage(Storage::allocate(bytes, device), 0, shape, dtype);
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  Tensor tensor = empty(shape, dtype, device);
  fill(tensor, 0);
  return tensor;
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor tensor = empty(shape, dtype, device);
  fill(tensor, value);
  return tensor;
}

template <class T>
Tensor Tensor::from(const Shape& shape, const std::vector<T>& values, Device device) {
  forbid_while_recording("Tensor::from");
  if (static_cast<int64_t>(values.size()) != shape.numel()) {
    throw ShapeError(fmt::format("tensor: {} needs {} values, got {}", to_string(shape),
                                 shape.numel(), values.size()));
  }
  Tensor tensor = empty(shape, dtype_of<T>);
  if constexpr (std::is_same_v<T, bool>) {
    for (size_t i = 0; i < values.size(); ++i) tensor.data<bool>()[i] = values[i];
  } else if (!values.empty()) {
    std::memcpy(tensor.raw(), values.data(), tensor.bytes());
  }
  return device.is_cpu() ? tensor : tensor.to(device);
}

Tensor Tensor::from_storage(std::shared_ptr<Storage> storage, size_t offset_bytes,
                            const Shape& shape, DType dtype) {
  const size_t end = offset_bytes + static_cast<size_t>(shape.numel()) * size_of(dtype);
  DENOVO_DCHECK(end <= storage->bytes());
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::move(storage);
  impl->offset_bytes = offset_bytes;
  impl->shape = shape;
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

void Tensor::throw_wrong_type(DType asked) const {
  throw InternalError(
      fmt::format("tensor: {} {} was read as {}", name(dtype()), to_string(shape()), name(asked)));
}

Tensor Tensor::view(const Shape& shape) const {
  if (shape.numel() != numel()) {
    throw ShapeError(fmt::format("view: {} has {} elements, got new shape {}",
                                 to_string(this->shape()), numel(), to_string(shape)));
  }
  return from_storage(impl_->storage, impl_->offset_bytes, shape, dtype());
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  if (rank() == 0 || begin < 0 || end < begin || end > size(0)) {
    throw ShapeError(
        fmt::format("rows: [{}, {}) is not within {}", begin, end, to_string(shape())));
  }
  const size_t row_bytes = size(0) == 0 ? 0 : bytes() / static_cast<size_t>(size(0));
  return from_storage(impl_->storage, impl_->offset_bytes + static_cast<size_t>(begin) * row_bytes,
                      shape().with(0, end - begin), dtype());
}

Tensor Tensor::clone() const {
  Tensor result = empty_like();
  copy(result, *this);
  return result;
}

Tensor Tensor::to(Device device) const {
  if (device == this->device()) return clone();
  forbid_while_recording("Tensor::to(Device)");
  Tensor result = empty(shape(), dtype(), device);
  if constexpr (kHasCuda) copy_bytes(result.raw(), device, raw(), this->device(), bytes());
  return result;
}

Tensor Tensor::to(DType dtype) const {
  Tensor result = empty(shape(), dtype, device());
  copy(result, *this);
  return result;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  forbid_while_recording("Tensor::to_vector");
  Tensor converted = dtype() == dtype_of<T> ? *this : to(dtype_of<T>);
  if (!device().is_cpu()) converted = converted.to(kCpu);
  const T* values = converted.data<T>();
  return std::vector<T>(values, values + numel());
}

double Tensor::item() const {
  if (numel() != 1)
    throw ShapeError(fmt::format("item: expected one element, got {}", to_string(shape())));
  return to_vector<double>()[0];
}

void Tensor::set_grad_storage(const Tensor& grad) const {
  DENOVO_DCHECK(grad.shape() == shape() && grad.dtype() == dtype());
  impl_->grad = grad.impl();
  impl_->grad_is_set = false;
}

void Tensor::rebind(const Tensor& storage) const {
  DENOVO_DCHECK(storage.shape() == shape() && storage.dtype() == dtype());
  impl_->storage = storage.impl()->storage;
  impl_->offset_bytes = storage.impl()->offset_bytes;
}

void fill(const Tensor& tensor, double value) {
  with_backend(tensor.device(), [&](auto& ctx) { run_fill(ctx, tensor, value); });
}

void copy(const Tensor& destination, const Tensor& source) {
  DENOVO_DCHECK(destination.numel() == source.numel() && destination.device() == source.device());
  with_backend(destination.device(), [&](auto& ctx) { run_copy(ctx, destination, source); });
}

void accumulate(const Tensor& destination, const Tensor& source) {
  DENOVO_DCHECK(destination.numel() == source.numel() && destination.device() == source.device());
  with_backend(destination.device(), [&](auto& ctx) { run_accumulate(ctx, destination, source); });
}

void require_tensor(const char* op, const char* what, const Tensor& tensor, DType dtype,
                    const Shape& shape) {
  if (tensor.dtype() == dtype && tensor.shape() == shape) return;
  throw ShapeError(fmt::format("{}: {} must be {} {}, got {} {}", op, what, name(dtype),
                               to_string(shape), name(tensor.dtype()), to_string(tensor.shape())));
}

#define DENOVO_INSTANTIATE(T) template std::vector<T> Tensor::to_vector<T>() const;
DENOVO_INSTANTIATE(float)
DENOVO_INSTANTIATE(double)
DENOVO_INSTANTIATE(int32_t)
DENOVO_INSTANTIATE(int64_t)
DENOVO_INSTANTIATE(uint8_t)
#undef DENOVO_INSTANTIATE
#define DENOVO_INSTANTIATE(T) \
  template Tensor Tensor::from<T>(const Shape&, const std::vector<T>&, Device);
DENOVO_INSTANTIATE(float)
DENOVO_INSTANTIATE(double)
DENOVO_INSTANTIATE(int32_t)
DENOVO_INSTANTIATE(int64_t)
DENOVO_INSTANTIATE(uint8_t)
DENOVO_INSTANTIATE(bool)
#undef DENOVO_INSTANTIATE

}  // namespace denovo
