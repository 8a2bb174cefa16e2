// An ONNX graph (opset 17) as it is written down: values, and nodes that make values of values.
//
//   OnnxGraph graph("scaled");
//   const OnnxValue x = graph.input("x", DType::kF32, {"rows", 4}, "boxes");
//   graph.output(graph.number(0.5f) * x, "y", DType::kF32, {"rows", 4}, "half of them");
//   replace_file("scaled.onnx", graph.serialize());
//
// Equal calls make equal bytes. Only onnx_graph.cpp knows the classes of libonnx.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::detection {

class OnnxGraph;

/// A tensor of a graph, by its name there. The operators of arithmetic add a node each and
/// broadcast as numpy does. The graph must outlive its values.
struct OnnxValue {
  OnnxGraph* graph = nullptr;
  std::string name = {};

  bool defined() const { return graph != nullptr; }
};
OnnxValue operator+(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator-(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator*(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator/(const OnnxValue& a, const OnnxValue& b);

using OnnxAttribute =
    std::pair<std::string_view,
              std::variant<int64_t, float, std::string, std::vector<int64_t>, Tensor>>;

/// A size known when the graph is written, or the name of one that is not.
using OnnxSize = std::variant<int64_t, std::string>;

class OnnxGraph {
 public:
  explicit OnnxGraph(const std::string& name);
  ~OnnxGraph();
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  OnnxValue input(const std::string& name, DType dtype, const std::vector<OnnxSize>& sizes,
                  const std::string& meaning);
  void output(const OnnxValue& value, const std::string& name, DType dtype,
              const std::vector<OnnxSize>& sizes, const std::string& meaning);
  /// A tensor under a name of its own. f32, i64 or u8, on the CPU.
  OnnxValue constant(const std::string& name, const Tensor& tensor);

  /// Constants without a name; equal ones are one.
  OnnxValue number(float value) { return list(std::vector{value}, {}); }
  OnnxValue number(int64_t value) { return list(std::vector{value}, {}); }
  OnnxValue floats(const std::vector<float>& values) { return list(values, {size_of(values)}); }
  OnnxValue ints(const std::vector<int64_t>& values) { return list(values, {size_of(values)}); }
  OnnxValue floats(const std::vector<float>& values, const Shape& shape) {
    return list(values, shape);
  }

  /// An operation of the ONNX standard; an undefined value is an optional input left out.
  OnnxValue node(std::string_view operation, const std::vector<OnnxValue>& inputs,
                 const std::vector<OnnxAttribute>& attributes = {});
  std::vector<OnnxValue> node_of(size_t num_outputs, std::string_view operation,
                                 const std::vector<OnnxValue>& inputs,
                                 const std::vector<OnnxAttribute>& attributes = {});

  OnnxValue cast(const OnnxValue& value, DType dtype);

  /// A text for whoever uses the file.
  void describe(const std::string& key, const std::string& text);

  /// The file's bytes, after the checks of libonnx: every node as its operation demands, every type
  /// and shape as inferred. Throws InternalError where they fail, ResourceError beyond 2 GB, which
  /// one ONNX file cannot hold.
  std::string serialize();

 private:
  friend class OnnxScope;
  template <class T>
  static int64_t size_of(const std::vector<T>& values) {
    return static_cast<int64_t>(values.size());
  }
  template <class T>
  OnnxValue list(const std::vector<T>& values, const Shape& shape) {
    return unnamed(Tensor::from(shape, values));
  }
  OnnxValue unnamed(const Tensor& tensor);
  std::string new_name(std::string_view what);

  struct Model;
  std::unique_ptr<Model> model_;
};

/// While it lives, what is added is named as a part of `name`.
class OnnxScope {
 public:
  OnnxScope(OnnxGraph& graph, const std::string& name);
  ~OnnxScope();
  OnnxScope(const OnnxScope&) = delete;
  OnnxScope& operator=(const OnnxScope&) = delete;

 private:
  OnnxGraph& graph_;
  std::string outer_;
};

}  // namespace denovo::detection
