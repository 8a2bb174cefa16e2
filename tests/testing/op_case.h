// One declaration per op case; the harness proves it in several ways (tests/ops/op_cases_test.cpp):
// values against a double-precision reference, gradients against central differences in f64, f32
// (and bf16) against f64, accumulation into a filled gradient, and bit-equal repeats.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::testing {

using OpFunction = std::function<std::vector<Tensor>(std::span<const Tensor>)>;

struct OpCase {
  std::string name;  // what is special: "stride 2, odd size"
  /// Floating ones in f64; others (indices, boxes as constants) as they are.
  std::vector<Tensor> inputs;
  OpFunction forward;               // runs the op in whatever dtype the inputs have
  std::vector<int> constants = {};  // positions of floating inputs that never receive a gradient
  OpFunction reference = {};     // independent computation in f64; empty: value checked elsewhere
  double f32_tolerance = 1e-5;   // of max|f32 - f64| / max(1, max|f64|), forward and backward
  double bf16_tolerance = 0;     // 0: this op has no bf16 path
  double grad_tolerance = 1e-6;  // of the central difference, step 1e-5: error h^2 + rounding / h
  bool has_f32 = true;
};

/// Registers the cases of one op folder from a test file:
///   static const OpCases relu_cases("relu", [] { return std::vector<OpCase>{...}; });
struct OpCases {
  OpCases(std::string folder, std::function<std::vector<OpCase>()> make);
};
/// Registers a folder whose ops have no gradient (sorting, matching, rasters), with the reason.
struct NoGradientOp {
  NoGradientOp(std::string folder, std::string reason);
};

struct CheckResult {
  bool ok = true;
  std::string report;  // op, case, input, index of the worst element, both values, the bound
};

/// Central differences of sum_k <probe_k, y_k> with fixed non-constant probes, every input element.
/// grad_scale multiplies the analytic gradient: the harness proves that 1.01 fails.
CheckResult check_gradients(const OpCase& op_case, double grad_scale = 1);
CheckResult check_reference(const OpCase& op_case);
/// Forward and backward in dtype on the device against f64 on the CPU.
CheckResult check_dtype(const OpCase& op_case, DType dtype, double tolerance, Device device = kCpu);
/// Two runs give the same bytes, and a leaf that already holds a gradient gets it added.
CheckResult check_repeat_and_accumulate(const OpCase& op_case, Device device = kCpu);

/// Deterministic values in (-1, 1) without ties or zeros, f64 unless asked otherwise.
Tensor random_tensor(const Shape& shape, uint64_t seed, double low = -1, double high = 1,
                     DType dtype = DType::kF64);

/// All registered cases by folder, and the folders without gradient.
const std::vector<std::pair<std::string, std::function<std::vector<OpCase>()>>>& op_cases();
const std::vector<std::pair<std::string, std::string>>& no_gradient_ops();

}  // namespace denovo::testing
