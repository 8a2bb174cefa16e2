// Which ops a program records, with the tensors that they read and make: for tools that count what
// a step does without running it where it will run.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/tensor/tensor.h"

namespace denovo {

struct RecordedOp {
  std::string_view name;                    // Node::name
  const char* group;                        // ProfileGroup::current
  std::span<const Tensor> inputs, outputs;  // undefined ones among the inputs
};
using OpObserver = std::function<void(const RecordedOp&)>;

/// Called with each op that attach() records from now on, in their order; empty: none. One
/// observer, for the thread that builds graphs.
void observe_ops(OpObserver observer);

}  // namespace denovo
