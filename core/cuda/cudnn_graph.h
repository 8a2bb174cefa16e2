// cuDNN's graph interface with owners for its descriptors: an operation graph is built from tensors
// and operations, the heuristics propose engines for it, those that obey our rules become plans.
// Planning asks for a target, not for a GPU: from the properties of a GPU in a JSON text it runs on
// machines that have none, which is how the tests prove that a plan exists.
#pragma once

#include <cudnn_graph.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cuda/cuda_context.h"
#include "core/tensor/dtype.h"

namespace denovo {

/// Throws BackendError with cuDNN's own words unless status is success.
void check_cudnn(cudnnStatus_t status, const char* what,
                 const std::source_location& where = std::source_location::current());

/// Owns one backend descriptor. set() is chosen by the C++ type of the value.
class CudnnDescriptor {
 public:
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type);
  ~CudnnDescriptor();
  CudnnDescriptor(CudnnDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  void set(cudnnBackendAttributeName_t name, std::span<const int64_t> values);
  void set(cudnnBackendAttributeName_t name, int64_t value);
  void set(cudnnBackendAttributeName_t name, float value);
  void set(cudnnBackendAttributeName_t name, double value);
  void set(cudnnBackendAttributeName_t name, bool value);
  void set(cudnnBackendAttributeName_t name, cudnnDataType_t value);
  void set(cudnnBackendAttributeName_t name, cudnnConvolutionMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnPointwiseMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnBackendHeurMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnBackendKnobType_t value);
  void set(cudnnBackendAttributeName_t name, cudnnHandle_t value);
  void set(cudnnBackendAttributeName_t name, std::string_view text);
  void set(cudnnBackendAttributeName_t name, std::span<void* const> pointers);
  void set(cudnnBackendAttributeName_t name, const CudnnDescriptor& value);
  void set(cudnnBackendAttributeName_t name, std::span<const CudnnDescriptor> values);
  void finalize();

 private:
  void set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
               const void* values);
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

/// f32, f64 and bf16 have a cuDNN type; others throw InternalError.
cudnnDataType_t cudnn_type(DType dtype);

/// Dimensions in cuDNN's order N, C, H, W and their strides in memory. Tensors are NHWC.
struct CudnnTensor {
  int64_t id;
  int64_t n, c, h, w;
  cudnnDataType_t type;
  int64_t alignment = 16;   // bytes that the address is a multiple of
  bool is_virtual = false;  // lives between two operations of a graph only
};
CudnnDescriptor describe(const CudnnTensor& tensor);

/// The GPU that plans are made for: one that is there, by its handle, or any other by its
/// properties. Plans of the second kind are proofs; they are not run.
class CudnnTarget {
 public:
  explicit CudnnTarget(cudnnHandle_t handle) : handle_(handle) {}
  /// Properties as CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION writes them.
  explicit CudnnTarget(std::string_view json);

  /// Tells a descriptor about the target by the attribute for a handle or the one for properties;
  /// where it has none for this kind of target, its graph has told it.
  void tell(CudnnDescriptor& descriptor, std::optional<cudnnBackendAttributeName_t> handle,
            std::optional<cudnnBackendAttributeName_t> properties) const;

 private:
  cudnnHandle_t handle_ = nullptr;
  std::optional<CudnnDescriptor> properties_;
};

/// What an engine must not do. Engines that are not deterministic, reduce in low precision or use
/// Winograd's transform (its f32 error is a hundred times that of a plain sum) are always refused,
/// and so are those that compile code at run time: a second or two per shape.
struct CudnnRules {
  bool tensor_cores;  // false: f32 is not rounded to TF32
  int64_t max_workspace_bytes = int64_t{1} << 30;
};

/// An engine and how its knobs are set: what a plan can be made from again, without heuristics.
struct CudnnChoice {
  int64_t engine = 0;                              // cuDNN's number of it
  std::vector<std::pair<int64_t, int64_t>> knobs;  // type and value
  bool operator==(const CudnnChoice&) const = default;
};

/// An operation graph, with all that it refers to.
class CudnnGraph {
 public:
  /// parts: descriptors that the operations refer to. The target must outlive the graph.
  CudnnGraph(const CudnnTarget& target, std::vector<CudnnDescriptor> operations,
             std::vector<CudnnDescriptor> parts);
  const CudnnTarget& target() const { return target_; }
  const CudnnDescriptor& descriptor() const { return graph_; }

 private:
  const CudnnTarget& target_;
  std::vector<CudnnDescriptor> operations_, parts_;
  CudnnDescriptor graph_;
};

/// An engine that is ready to run, with all that it was made from.
struct CudnnPlan {
  std::shared_ptr<const CudnnGraph> graph;
  CudnnDescriptor engine, config, plan;
  CudnnChoice choice;
  int64_t workspace_bytes;
};

/// The first engines of the heuristics' list that obey the rules, at most so many.
std::vector<CudnnPlan> make_plans(const std::shared_ptr<const CudnnGraph>& graph,
                                  const CudnnRules& rules, size_t most);

/// The plan of a choice that was made for this graph; empty when the engine does not take it or
/// breaks the rules.
std::optional<CudnnPlan> make_plan(const std::shared_ptr<const CudnnGraph>& graph,
                                   const CudnnRules& rules, const CudnnChoice& choice);

/// Enqueues the plan. bindings: the address of each tensor that is not virtual, by its id.
void execute(CudaContext& ctx, const CudnnPlan& plan,
             std::span<const std::pair<int64_t, void*>> bindings);

}  // namespace denovo
