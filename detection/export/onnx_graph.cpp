#include "detection/export/onnx_graph.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <limits>
#include <map>

#include "core/error.h"

namespace denovo::detection {
namespace {

constexpr int kOpset = 17;     // the newest of libonnx 1.12
constexpr int kIrVersion = 8;  // of the same release

int32_t type_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return onnx::TensorProto::FLOAT;
    case DType::kI64:
      return onnx::TensorProto::INT64;
    case DType::kU8:
      return onnx::TensorProto::UINT8;
    default:
      throw InternalError(fmt::format("onnx: no graph here has tensors of {}", name(dtype)));
  }
}

std::string bytes_of(const Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.raw()), tensor.bytes()};
}

/// The values little-endian, as memory here holds them.
void fill(onnx::TensorProto& proto, const Tensor& tensor) {
  proto.set_data_type(type_of(tensor.dtype()));
  for (int i = 0; i < tensor.rank(); ++i) proto.add_dims(tensor.size(i));
  proto.set_raw_data(bytes_of(tensor));
}

void fill(onnx::ValueInfoProto& info, const std::string& name, DType dtype,
          const std::vector<OnnxSize>& sizes, const std::string& meaning) {
  info.set_name(name);
  info.set_doc_string(meaning);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(type_of(dtype));
  auto& shape = *type.mutable_shape();  // there even without dimensions
  for (const OnnxSize& size : sizes) {
    auto& dimension = *shape.add_dim();
    if (const auto* known = std::get_if<int64_t>(&size)) {
      dimension.set_dim_value(*known);
    } else {
      dimension.set_dim_param(std::get<std::string>(size));
    }
  }
}

struct AttributeValue {
  onnx::AttributeProto& proto;

  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) proto.add_ints(value);
  }
  void operator()(const Tensor& tensor) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    fill(*proto.mutable_t(), tensor);
  }
};

}  // namespace

struct OnnxGraph::Model {
  onnx::ModelProto proto;
  std::string scope;                           // ends in '/' unless empty
  int64_t count = 0;                           // of names that were made
  std::map<std::string, std::string> unnamed;  // names of constants by type, shape and bytes
};

OnnxValue operator+(const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node("Add", {a, b});
}
OnnxValue operator-(const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node("Sub", {a, b});
}
OnnxValue operator*(const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node("Mul", {a, b});
}
OnnxValue operator/(const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node("Div", {a, b});
}

OnnxGraph::OnnxGraph(const std::string& name) : model_(std::make_unique<Model>()) {
  onnx::ModelProto& proto = model_->proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("denovo");
  auto& opset = *proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  proto.mutable_graph()->set_name(name);
}

OnnxGraph::~OnnxGraph() = default;

std::string OnnxGraph::new_name(std::string_view what) {
  return fmt::format("{}{}_{}", model_->scope, what, model_->count++);
}

OnnxValue OnnxGraph::input(const std::string& name, DType dtype, const std::vector<OnnxSize>& sizes,
                           const std::string& meaning) {
  fill(*model_->proto.mutable_graph()->add_input(), name, dtype, sizes, meaning);
  return {this, name};
}

void OnnxGraph::output(const OnnxValue& value, const std::string& name, DType dtype,
                       const std::vector<OnnxSize>& sizes, const std::string& meaning) {
  auto& graph = *model_->proto.mutable_graph();
  auto& node = *graph.add_node();
  node.set_op_type("Identity");
  node.set_name(name);
  node.add_input(value.name);
  node.add_output(name);
  fill(*graph.add_output(), name, dtype, sizes, meaning);
}

OnnxValue OnnxGraph::constant(const std::string& name, const Tensor& tensor) {
  auto& proto = *model_->proto.mutable_graph()->add_initializer();
  fill(proto, tensor);
  proto.set_name(name);
  return {this, name};
}

OnnxValue OnnxGraph::unnamed(const Tensor& tensor) {
  const std::string key =
      fmt::format("{} {} {}", name(tensor.dtype()), to_string(tensor.shape()), bytes_of(tensor));
  std::string& known = model_->unnamed[key];
  if (known.empty()) {
    known = fmt::format("constant_{}", model_->unnamed.size());
    constant(known, tensor);
  }
  return {this, known};
}

OnnxValue OnnxGraph::node(std::string_view operation, const std::vector<OnnxValue>& inputs,
                          const std::vector<OnnxAttribute>& attributes) {
  return node_of(1, operation, inputs, attributes).front();
}

std::vector<OnnxValue> OnnxGraph::node_of(size_t num_outputs, std::string_view operation,
                                          const std::vector<OnnxValue>& inputs,
                                          const std::vector<OnnxAttribute>& attributes) {
  auto& node = *model_->proto.mutable_graph()->add_node();
  const std::string made = new_name(operation);
  node.set_name(made);
  node.set_op_type(std::string(operation));
  for (const OnnxValue& input : inputs) node.add_input(input.name);
  for (const auto& [key, value] : attributes) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(std::string(key));
    std::visit(AttributeValue{attribute}, value);
  }
  std::vector<OnnxValue> outputs;
  for (size_t i = 0; i < num_outputs; ++i) {
    outputs.push_back({this, i == 0 ? made : fmt::format("{}.{}", made, i)});
    node.add_output(outputs.back().name);
  }
  return outputs;
}

OnnxValue OnnxGraph::cast(const OnnxValue& value, DType dtype) {
  return node("Cast", {value}, {{"to", int64_t{type_of(dtype)}}});
}

void OnnxGraph::describe(const std::string& key, const std::string& text) {
  auto& entry = *model_->proto.add_metadata_props();
  entry.set_key(key);
  entry.set_value(text);
}

std::string OnnxGraph::serialize() {
  onnx::ModelProto& proto = model_->proto;
  const size_t bytes = proto.ByteSizeLong();
  constexpr size_t kMost = std::numeric_limits<int32_t>::max();
  if (bytes > kMost)
    throw ResourceError(fmt::format("onnx: a file holds at most {} bytes, got {}", kMost, bytes));
  try {
    onnx::checker::check_model(proto);
    onnx::ShapeInferenceOptions strict(/*check_type=*/true, /*error_mode=*/1, /*data_prop=*/true);
    onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), strict);
  } catch (const std::exception& error) {
    throw InternalError(fmt::format("onnx: {}", error.what()));
  }
  proto.mutable_graph()->clear_value_info();  // what was inferred: readers infer better
  std::string text;
  if (!proto.SerializeToString(&text)) throw InternalError("onnx: the graph cannot be serialized");
  return text;
}

OnnxScope::OnnxScope(OnnxGraph& graph, const std::string& name)
    : graph_(graph), outer_(graph.model_->scope) {
  graph_.model_->scope += name + "/";
}

OnnxScope::~OnnxScope() {
  graph_.model_->scope = outer_;
}

}  // namespace denovo::detection
