#include "core/cuda/cudnn_graph.h"

#include <fmt/format.h>

#include <array>

#include "core/cuda/cuda_error.h"
#include "core/error.h"

namespace denovo {

void check_cudnn(cudnnStatus_t status, const char* what, const std::source_location& where) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 512> words{};
  cudnnGetLastErrorString(words.data(), words.size() - 1);
  throw BackendError(fmt::format("{} failed: {} {} ({})", what, cudnnGetErrorString(status),
                                 words.data(), place(where)));
}

CudnnDescriptor::CudnnDescriptor(cudnnBackendDescriptorType_t type) {
  check_cudnn(cudnnBackendCreateDescriptor(type, &descriptor_), "cudnnBackendCreateDescriptor");
}

CudnnDescriptor::~CudnnDescriptor() {
  if (descriptor_) cudnnBackendDestroyDescriptor(descriptor_);
}

void CudnnDescriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                              int64_t count, const void* values) {
  check_cudnn(cudnnBackendSetAttribute(descriptor_, name, type, count, values),
              "cudnnBackendSetAttribute");
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name, std::span<const int64_t> values) {
  set_raw(name, CUDNN_TYPE_INT64, static_cast<int64_t>(values.size()), values.data());
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, int64_t value) {
  set_raw(name, CUDNN_TYPE_INT64, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, float value) {
  set_raw(name, CUDNN_TYPE_FLOAT, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, double value) {
  set_raw(name, CUDNN_TYPE_DOUBLE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, bool value) {
  set_raw(name, CUDNN_TYPE_BOOLEAN, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
  set_raw(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnConvolutionMode_t value) {
  set_raw(name, CUDNN_TYPE_CONVOLUTION_MODE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnPointwiseMode_t value) {
  set_raw(name, CUDNN_TYPE_POINTWISE_MODE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnBackendHeurMode_t value) {
  set_raw(name, CUDNN_TYPE_HEUR_MODE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnBackendKnobType_t value) {
  set_raw(name, CUDNN_TYPE_KNOB_TYPE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnHandle_t value) {
  set_raw(name, CUDNN_TYPE_HANDLE, 1, &value);
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, std::string_view text) {
  set_raw(name, CUDNN_TYPE_CHAR, static_cast<int64_t>(text.size()), text.data());
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, std::span<void* const> pointers) {
  set_raw(name, CUDNN_TYPE_VOID_PTR, static_cast<int64_t>(pointers.size()), pointers.data());
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name, const CudnnDescriptor& value) {
  set(name, std::span(&value, 1));
}
void CudnnDescriptor::set(cudnnBackendAttributeName_t name,
                          std::span<const CudnnDescriptor> values) {
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const CudnnDescriptor& value : values) raw.push_back(value.get());
  set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(raw.size()), raw.data());
}

void CudnnDescriptor::finalize() {
  check_cudnn(cudnnBackendFinalize(descriptor_), "cudnnBackendFinalize");
}

cudnnDataType_t cudnn_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return CUDNN_DATA_FLOAT;
    case DType::kF64:
      return CUDNN_DATA_DOUBLE;
    case DType::kBF16:
      return CUDNN_DATA_BFLOAT16;
    default:
      throw InternalError("cudnn: no type for " + std::string(name(dtype)));
  }
}

CudnnDescriptor describe(const CudnnTensor& t) {
  CudnnDescriptor descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  descriptor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, t.type);
  descriptor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::array<int64_t, 4>{t.n, t.c, t.h, t.w});
  descriptor.set(CUDNN_ATTR_TENSOR_STRIDES,
                 std::array<int64_t, 4>{t.h * t.w * t.c, 1, t.w * t.c, t.c});
  descriptor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, t.id);
  descriptor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, t.alignment);
  if (t.is_virtual) descriptor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
  descriptor.finalize();
  return descriptor;
}

CudnnTarget::CudnnTarget(std::string_view json)
    : properties_(CudnnDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR)) {
  properties_->set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json);
  properties_->finalize();
}

void CudnnTarget::tell(CudnnDescriptor& descriptor,
                       std::optional<cudnnBackendAttributeName_t> handle,
                       std::optional<cudnnBackendAttributeName_t> properties) const {
  if (handle_ && handle) descriptor.set(*handle, handle_);
  if (properties_ && properties) descriptor.set(*properties, *properties_);
}

namespace {

/// The notes of one kind that an engine carries, as bits.
template <class Note>
uint32_t notes_of(const CudnnDescriptor& engine, cudnnBackendAttributeName_t name,
                  cudnnBackendAttributeType_t type, int64_t kinds) {
  std::vector<Note> notes(static_cast<size_t>(kinds));
  int64_t count = 0;
  check_cudnn(cudnnBackendGetAttribute(engine.get(), name, type, kinds, &count, notes.data()),
              "cudnnBackendGetAttribute");
  uint32_t bits = 0;
  for (int64_t i = 0; i < count; ++i) bits |= 1u << notes[static_cast<size_t>(i)];
  return bits;
}

bool obeys(const CudnnDescriptor& engine, const CudnnRules& rules) {
  const uint32_t numerics = notes_of<cudnnBackendNumericalNote_t>(
      engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
      CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  const uint32_t behavior = notes_of<cudnnBackendBehaviorNote_t>(
      engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
      CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
  uint32_t refused = 1u << CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC |
                     1u << CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION |
                     1u << CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS |
                     1u << CUDNN_NUMERICAL_NOTE_WINOGRAD | 1u << CUDNN_NUMERICAL_NOTE_FFT;
  if (!rules.tensor_cores) refused |= 1u << CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
  return (numerics & refused) == 0 &&
         (behavior & 1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) == 0;
}

/// The descriptors that an attribute lists, at most so many.
std::vector<CudnnDescriptor> list_of(const CudnnDescriptor& owner, cudnnBackendAttributeName_t name,
                                     cudnnBackendDescriptorType_t type, int64_t count) {
  std::vector<CudnnDescriptor> list;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t i = 0; i < count; ++i) raw.push_back(list.emplace_back(type).get());
  if (count == 0) return list;
  check_cudnn(cudnnBackendGetAttribute(owner.get(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR, count,
                                       &count, raw.data()),
              "cudnnBackendGetAttribute");
  while (static_cast<int64_t>(list.size()) > count) list.pop_back();
  return list;
}

/// What the heuristics propose, best first.
std::vector<CudnnDescriptor> propose(const CudnnGraph& graph, cudnnBackendHeurMode_t mode) {
  CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  graph.target().tell(heuristics, std::nullopt, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
  // A graph that no engine can serve is refused here or leaves an empty list.
  if (cudnnBackendFinalize(heuristics.get()) != CUDNN_STATUS_SUCCESS) return {};
  int64_t count = 0;
  check_cudnn(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
              "cudnnBackendGetAttribute");
  return list_of(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
                 count);
}

/// The engine of a proposal.
CudnnDescriptor engine_of(const CudnnDescriptor& config) {
  CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.get();
  int64_t count = 0;
  check_cudnn(cudnnBackendGetAttribute(config.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
              "cudnnBackendGetAttribute");
  return engine;
}

int64_t integer(const CudnnDescriptor& descriptor, cudnnBackendAttributeName_t name) {
  int64_t value = 0, count = 0;
  check_cudnn(cudnnBackendGetAttribute(descriptor.get(), name, CUDNN_TYPE_INT64, 1, &count, &value),
              "cudnnBackendGetAttribute");
  return value;
}

CudnnChoice choice_of(const CudnnDescriptor& engine, const CudnnDescriptor& config) {
  CudnnChoice choice{integer(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX), {}};
  for (const CudnnDescriptor& knob :
       list_of(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR,
               CUDNN_KNOB_TYPE_COUNTS)) {
    cudnnBackendKnobType_t type{};
    int64_t count = 0;
    check_cudnn(cudnnBackendGetAttribute(knob.get(), CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE,
                                         CUDNN_TYPE_KNOB_TYPE, 1, &count, &type),
                "cudnnBackendGetAttribute");
    choice.knobs.emplace_back(type, integer(knob, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE));
  }
  return choice;
}

/// Empty when the engine breaks the rules or refuses the sizes.
std::optional<CudnnPlan> finish(const std::shared_ptr<const CudnnGraph>& graph,
                                CudnnDescriptor engine, CudnnDescriptor config,
                                const CudnnRules& rules) {
  if (!obeys(engine, rules)) return std::nullopt;
  CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
  graph->target().tell(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE,
                       CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
  if (cudnnBackendFinalize(plan.get()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  const int64_t workspace = integer(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  if (workspace > rules.max_workspace_bytes) return std::nullopt;
  CudnnChoice choice = choice_of(engine, config);
  return CudnnPlan{graph,           std::move(engine), std::move(config),
                   std::move(plan), std::move(choice), workspace};
}

}  // namespace

CudnnGraph::CudnnGraph(const CudnnTarget& target, std::vector<CudnnDescriptor> operations,
                       std::vector<CudnnDescriptor> parts)
    : target_(target),
      operations_(std::move(operations)),
      parts_(std::move(parts)),
      graph_(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
  target.tell(graph_, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, std::nullopt);
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations_);
  graph_.finalize();
}

std::vector<CudnnPlan> make_plans(const std::shared_ptr<const CudnnGraph>& graph,
                                  const CudnnRules& rules, size_t most) {
  std::vector<CudnnPlan> plans;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    if (mode == CUDNN_HEUR_MODE_FALLBACK && !plans.empty()) break;
    for (CudnnDescriptor& config : propose(*graph, mode)) {
      if (plans.size() == most) break;
      CudnnDescriptor engine = engine_of(config);
      if (auto plan = finish(graph, std::move(engine), std::move(config), rules))
        plans.push_back(std::move(*plan));
    }
  }
  return plans;
}

std::optional<CudnnPlan> make_plan(const std::shared_ptr<const CudnnGraph>& graph,
                                   const CudnnRules& rules, const CudnnChoice& choice) {
  CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  engine.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph->descriptor());
  engine.set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, choice.engine);
  graph->target().tell(engine, std::nullopt, CUDNN_ATTR_ENGINE_DEVICEPROP);
  if (cudnnBackendFinalize(engine.get()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  std::vector<CudnnDescriptor> knobs;
  for (const auto& [type, value] : choice.knobs) {
    CudnnDescriptor& knob = knobs.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, static_cast<cudnnBackendKnobType_t>(type));
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, value);
    if (cudnnBackendFinalize(knob.get()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  }
  CudnnDescriptor config(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  config.set(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  if (!knobs.empty()) config.set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
  if (cudnnBackendFinalize(config.get()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  return finish(graph, std::move(engine), std::move(config), rules);
}

void execute(CudaContext& ctx, const CudnnPlan& plan,
             std::span<const std::pair<int64_t, void*>> bindings) {
  std::vector<int64_t> ids;
  std::vector<void*> addresses;
  for (const auto& [id, address] : bindings) {
    ids.push_back(id);
    addresses.push_back(address);
  }
  CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const int64_t>(ids));
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(addresses));
  void* const workspace = ctx.workspace(static_cast<size_t>(plan.workspace_bytes));
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, std::span<void* const>(&workspace, 1));
  pack.finalize();
  check_cudnn(cudnnBackendExecute(ctx.cudnn(), plan.plan.get(), pack.get()), "cudnnBackendExecute");
  ctx.check_launch("cudnnBackendExecute", std::source_location::current());
}

}  // namespace denovo
