#include "detection/export/onnx_graph.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "detection/export/model_weights.h"
#include "nn/layers/linear.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

size_t count(const std::string& bytes, const std::string& text) {
  size_t times = 0;
  for (size_t at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1))
    ++times;
  return times;
}

/// x [2, 3] times a half, plus a half, as "y" of the given sizes.
std::string half_and_half(const std::vector<OnnxSize>& sizes) {
  OnnxGraph graph("halves");
  const OnnxValue x = graph.input("x", DType::kF32, {int64_t{2}, int64_t{3}}, "anything");
  const OnnxScope scope(graph, "part");
  graph.output(graph.number(0.5f) * x + graph.number(0.5f), "y", DType::kF32, sizes, "result");
  return graph.serialize();
}

}  // namespace

TEST_CASE("onnx graph: equal constants are one, and nodes are named by their part") {
  const std::string bytes = half_and_half({int64_t{2}, int64_t{3}});
  // Its own entry, and an input of two nodes.
  CHECK(count(bytes, "constant_1") == 3);
  CHECK(count(bytes, "constant_2") == 0);
  CHECK(count(bytes, "part/Mul_0") > 0);
  CHECK(bytes == half_and_half({int64_t{2}, int64_t{3}}));
}

TEST_CASE("onnx graph: what libonnx finds wrong is never written") {
  CHECK_THROWS_AS(half_and_half({int64_t{2}, int64_t{4}}), InternalError);
  OnnxGraph unknown("unknown");
  const OnnxValue x = unknown.input("x", DType::kF32, {int64_t{2}}, "anything");
  unknown.output(unknown.node("Halve", {x}), "y", DType::kF32, {int64_t{2}}, "result");
  CHECK_THROWS_AS(unknown.serialize(), InternalError);
}

TEST_CASE("model weights: each stands in the graph once, by its name, and none may be left over") {
  const nn::Linear layer(3, 2, nn::Initializer::constant(0.25));
  layer.initialize(1);
  OnnxGraph graph("linear");
  ModelWeights weights(graph, layer);
  CHECK(weights(layer.weight()).name == "weight");
  CHECK(weights(layer.weight()).name == "weight");
  CHECK_THROWS_WITH_AS(weights.require_all(), "onnx: the graph has no use for bias", InternalError);
  weights(layer.bias());
  weights.require_all();
}
