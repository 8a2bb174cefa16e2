#include "apps/bench/step_lists.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/autograd/op_trace.h"
#include "core/files/atomic_write.h"
#include "ops/conv2d/conv2d_trace.h"

namespace denovo::bench {
namespace {

std::string tensor_text(const Tensor& tensor) {
  if (!tensor.defined()) return "-";
  std::vector<int64_t> sizes;
  for (int i = 0; i < tensor.rank(); ++i) sizes.push_back(tensor.shape()[i]);
  return fmt::format("{}[{}]", name(tensor.dtype()), fmt::join(sizes, ","));
}

std::string input_text(const Tensor& tensor) {
  const char* gradient = "";
  if (tensor.defined() && tensor.requires_grad()) gradient = "*";
  if (tensor.defined() && tensor.impl()->producer) gradient = "+";
  return tensor_text(tensor) + gradient;
}

std::string op_line(const RecordedOp& op) {
  std::vector<std::string> inputs, outputs;
  for (const Tensor& input : op.inputs) inputs.push_back(input_text(input));
  for (const Tensor& output : op.outputs) outputs.push_back(tensor_text(output));
  return fmt::format("{}\t{}\t{}\t{}", op.group, op.name, fmt::join(inputs, " "),
                     fmt::join(outputs, " "));
}

void write_lines(const std::string& path, const auto& lines) {
  if (!path.empty()) replace_file(path, fmt::format("{}\n", fmt::join(lines, "\n")));
}

}  // namespace

StepLists::StepLists(std::string convolutions_path, std::string ops_path)
    : convolutions_path_(std::move(convolutions_path)), ops_path_(std::move(ops_path)) {
  if (!convolutions_path_.empty())
    ops::observe_convolutions(
        [this](const ops::Conv2dKey& key) { convolutions_.insert(ops::key_line(key)); });
  if (!ops_path_.empty())
    observe_ops([this](const RecordedOp& op) { ops_.push_back(op_line(op)); });
}

StepLists::~StepLists() {
  ops::observe_convolutions({});
  observe_ops({});
}

void StepLists::write() const {
  write_lines(convolutions_path_, convolutions_);
  write_lines(ops_path_, ops_);
}

}  // namespace denovo::bench
