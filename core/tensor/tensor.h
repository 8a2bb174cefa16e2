// Tensor: a handle to a dense, row-major block of elements, and the hooks of automatic
// differentiation on it.
//
// Tensors are always contiguous: activations are NHWC from the first layer to the last, so nothing
// in this project needs strides, and no kernel has to ask. A view shares storage and starts at an
// offset. Copying a Tensor copies the handle.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/tensor/device.h"
#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"
#include "core/tensor/storage.h"

namespace denovo {

class Node;

/// What the handles of one tensor share. Fields below the line belong to the autograd engine.
struct TensorImpl {
  std::shared_ptr<Storage> storage;
  size_t offset_bytes = 0;
  Shape shape;
  DType dtype = DType::kF32;
  // -----
  bool requires_grad = false;
  std::shared_ptr<Node> producer;  // null on a leaf
  int producer_output = 0;
  std::shared_ptr<TensorImpl> grad;  // leaf: where its gradient is collected
  bool grad_is_set = false;          // false: the next contribution assigns instead of adding
  /// Leaf: its elements in another dtype, as long as somebody keeps them equal (RoundedLeaves).
  std::shared_ptr<TensorImpl> rounded;
  /// Leaf: called once per backward pass, after its last contribution.
  std::function<void()> grad_hook;
};

class Tensor {
 public:
  Tensor() = default;  // undefined: no storage; only defined() may be called

  static Tensor empty(const Shape& shape, DType dtype, Device device = kCpu);
  static Tensor zeros(const Shape& shape, DType dtype, Device device = kCpu);
  static Tensor full(const Shape& shape, double value, DType dtype, Device device = kCpu);
  /// Copies values (row-major). Throws ShapeError when their number is not shape.numel().
  template <class T>
  static Tensor from(const Shape& shape, const std::vector<T>& values, Device device = kCpu);
  /// Uninitialised, with this tensor's shape, dtype and device.
  Tensor empty_like() const { return empty(shape(), dtype(), device()); }

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const { return impl_->shape; }
  int64_t size(int i) const { return impl_->shape[i]; }
  int rank() const { return impl_->shape.rank(); }
  int64_t numel() const { return impl_->shape.numel(); }
  DType dtype() const { return impl_->dtype; }
  Device device() const { return impl_->storage->device(); }
  size_t bytes() const { return static_cast<size_t>(numel()) * size_of(dtype()); }

  std::byte* raw() const { return impl_->storage->data() + impl_->offset_bytes; }
  /// Pointer to the elements. Throws InternalError when T is not dtype().
  template <class T>
  T* data() const {
    if (dtype_of<T> != dtype()) throw_wrong_type(dtype_of<T>);
    return reinterpret_cast<T*>(raw());
  }

  /// Same storage, other shape, not part of any graph (ops::reshape is). Throws ShapeError when the
  /// number of elements differs.
  Tensor view(const Shape& shape) const;
  /// Rows [begin, end) of the first dimension, sharing storage, not part of any graph.
  Tensor rows(int64_t begin, int64_t end) const;
  /// Same storage and shape, not part of any graph.
  Tensor detach() const { return view(shape()); }
  /// numel elements of a flat storage from element offset on; used to lay parameters into arenas.
  static Tensor from_storage(std::shared_ptr<Storage> storage, size_t offset_bytes,
                             const Shape& shape, DType dtype);

  /// Deep copies, not part of any graph. To another device: waits until the copy is there.
  Tensor clone() const;
  Tensor to(Device device) const;
  Tensor to(DType dtype) const;
  /// Copies the elements to the host as T, converting between arithmetic types.
  template <class T>
  std::vector<T> to_vector() const;
  /// The one element of a tensor, read back to the host. Throws ShapeError when numel() is not 1.
  double item() const;

  bool requires_grad() const { return impl_->requires_grad; }
  const Tensor& set_requires_grad(bool value) const {
    impl_->requires_grad = value;
    return *this;
  }
  /// The gradient collected on a leaf; undefined before the first backward pass.
  Tensor grad() const { return impl_->grad && impl_->grad_is_set ? Tensor(impl_->grad) : Tensor(); }
  /// Lets gradients of this leaf collect in the given tensor (a slice of an arena).
  void set_grad_storage(const Tensor& grad) const;
  /// Forgets the collected gradient; the next backward pass assigns.
  void clear_grad() const { impl_->grad_is_set = false; }
  void set_grad_hook(std::function<void()> hook) const { impl_->grad_hook = std::move(hook); }
  /// Replaces the storage under every handle of this tensor; shape and dtype stay.
  void rebind(const Tensor& storage) const;

  const std::shared_ptr<TensorImpl>& impl() const { return impl_; }
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}

 private:
  [[noreturn]] void throw_wrong_type(DType asked) const;
  std::shared_ptr<TensorImpl> impl_;
};

/// Overwrites every element.
void fill(const Tensor& tensor, double value);
/// destination := source, converted to destination's dtype. Shapes' numel and devices must agree.
void copy(const Tensor& destination, const Tensor& source);
/// destination += source, in destination's dtype.
void accumulate(const Tensor& destination, const Tensor& source);

/// For the checks of ops: throws ShapeError `sgd: momentum must be f32 [4096], got f64 [4096]`
/// unless the tensor has this dtype and shape.
void require_tensor(const char* op, const char* what, const Tensor& tensor, DType dtype,
                    const Shape& shape);

}  // namespace denovo
