#include "testing/op_case.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "core/autograd/autograd.h"
#include "core/kernels/random.h"

namespace denovo::testing {
namespace {

auto& case_list() {
  static std::vector<std::pair<std::string, std::function<std::vector<OpCase>()>>> list;
  return list;
}
auto& no_gradient_list() {
  static std::vector<std::pair<std::string, std::string>> list;
  return list;
}

bool differentiable(const OpCase& op_case, size_t i) {
  if (!is_floating(op_case.inputs[i].dtype())) return false;
  for (int constant : op_case.constants) {
    if (static_cast<size_t>(constant) == i) return false;
  }
  return true;
}

/// Fresh leaves of the case's inputs, floating ones in dtype.
std::vector<Tensor> leaves(const OpCase& op_case, DType dtype, Device device) {
  std::vector<Tensor> result;
  for (size_t i = 0; i < op_case.inputs.size(); ++i) {
    const Tensor input = op_case.inputs[i].to(device);
    result.push_back(is_floating(input.dtype()) ? input.to(dtype) : input);
    if (differentiable(op_case, i)) result.back().set_requires_grad(true);
  }
  return result;
}

std::vector<Tensor> probes(const std::vector<Tensor>& outputs) {
  std::vector<Tensor> result;
  for (size_t k = 0; k < outputs.size(); ++k) {
    result.push_back(is_floating(outputs[k].dtype()) ? random_tensor(outputs[k].shape(), 1000 + k)
                                                           .to(outputs[k].dtype())
                                                           .to(outputs[k].device())
                                                     : Tensor());
  }
  return result;
}

double probed_sum(const std::vector<Tensor>& outputs, const std::vector<Tensor>& probe) {
  double sum = 0;
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!probe[k].defined()) continue;
    const auto y = outputs[k].to_vector<double>(), p = probe[k].to_vector<double>();
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * p[i];
  }
  return sum;
}

/// Sends the probes back from the outputs that have a gradient.
void backward_probes(const std::vector<Tensor>& outputs) {
  const auto probe = probes(outputs);
  std::vector<Tensor> roots, grads;
  for (size_t k = 0; k < probe.size(); ++k) {
    if (!probe[k].defined() || !outputs[k].impl()->producer) continue;
    roots.push_back(outputs[k]);
    grads.push_back(probe[k]);
  }
  if (!roots.empty()) backward(roots, grads);
}

Tensor on_host(const Tensor& tensor) {
  return tensor.defined() ? tensor.to(kCpu) : Tensor();
}

struct Run {
  std::vector<Tensor> outputs;
  std::vector<Tensor> grads;  // per input, undefined for constants
};

/// The case on the device; the results on the host.
Run run_case(const OpCase& op_case, DType dtype, Device device) {
  Run run;
  const auto inputs = leaves(op_case, dtype, device);
  const auto outputs = op_case.forward(inputs);
  backward_probes(outputs);
  for (const Tensor& output : outputs) run.outputs.push_back(on_host(output));
  for (const Tensor& input : inputs) run.grads.push_back(on_host(input.grad()));
  return run;
}

/// max |a - b| <= bound * max(1, max |b|)
CheckResult compare(const std::string& what, const Tensor& a, const Tensor& b, double bound) {
  if (!a.defined() || !b.defined() || a.shape() != b.shape()) {
    return {false, what + ": missing tensor or shapes differ"};
  }
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double scale = 1, worst = -1;
  size_t at = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    scale = std::max(scale, std::abs(y[i]));
    const double difference = x[i] == y[i] ? 0 : std::abs(x[i] - y[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference, at = i;
  }
  if (worst <= bound * scale) return {};
  return {false,
          fmt::format("{} {} {}: element {} is {:.9g}, expected {:.9g}, bound {:.3g}", what,
                      name(a.dtype()), to_string(a.shape()), at, x[at], y[at], bound * scale)};
}

}  // namespace

OpCases::OpCases(std::string folder, std::function<std::vector<OpCase>()> make) {
  case_list().emplace_back(std::move(folder), std::move(make));
}
NoGradientOp::NoGradientOp(std::string folder, std::string reason) {
  no_gradient_list().emplace_back(std::move(folder), std::move(reason));
}
const std::vector<std::pair<std::string, std::function<std::vector<OpCase>()>>>& op_cases() {
  return case_list();
}
const std::vector<std::pair<std::string, std::string>>& no_gradient_ops() {
  return no_gradient_list();
}

Tensor random_tensor(const Shape& shape, uint64_t seed, double low, double high, DType dtype) {
  const RandomStream stream{.seed = seed, .purpose = RandomPurpose::kTest};
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = low + (high - low) * (stream.uniform(static_cast<uint32_t>(i)) +
                                      1e-9 * static_cast<double>(i % 97 + 1));
  }
  const Tensor result = Tensor::from(shape, values);
  return dtype == DType::kF64 ? result : result.to(dtype);
}

CheckResult check_gradients(const OpCase& op_case, double grad_scale) {
  const Run analytic = run_case(op_case, DType::kF64, kCpu);
  const auto probe = probes(analytic.outputs);
  constexpr double kStep = 1e-5;
  const NoGrad no_grad;
  std::vector<Tensor> inputs;
  for (const Tensor& input : op_case.inputs) inputs.push_back(input.clone());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!differentiable(op_case, i)) continue;
    if (!analytic.grads[i].defined())
      return {false, fmt::format("{}: input {} got no gradient", op_case.name, i)};
    double* values = inputs[i].data<double>();
    const double* gradient = analytic.grads[i].data<double>();
    for (int64_t e = 0; e < inputs[i].numel(); ++e) {
      const double value = values[e];
      values[e] = value + kStep;
      const double above = probed_sum(op_case.forward(inputs), probe);
      values[e] = value - kStep;
      const double below = probed_sum(op_case.forward(inputs), probe);
      values[e] = value;
      const double expected = (above - below) / (2 * kStep), got = grad_scale * gradient[e];
      if (!(std::abs(got - expected) <=
            op_case.grad_tolerance * std::max(1.0, std::abs(expected)))) {
        return {
            false,
            fmt::format(
                "{}: gradient of input {} {} at element {} is {:.9g}, central difference {:.9g}",
                op_case.name, i, to_string(inputs[i].shape()), e, got, expected)};
      }
    }
  }
  return {};
}

CheckResult check_reference(const OpCase& op_case) {
  if (!op_case.reference) return {};
  const auto got = op_case.forward(op_case.inputs), expected = op_case.reference(op_case.inputs);
  if (got.size() != expected.size()) return {false, op_case.name + ": number of outputs differs"};
  for (size_t k = 0; k < got.size(); ++k) {
    const auto result =
        compare(fmt::format("{}: output {}", op_case.name, k), got[k], expected[k], 1e-12);
    if (!result.ok) return result;
  }
  return {};
}

CheckResult check_dtype(const OpCase& op_case, DType dtype, double tolerance, Device device) {
  const Run exact = run_case(op_case, DType::kF64, kCpu), run = run_case(op_case, dtype, device);
  for (size_t k = 0; k < run.outputs.size(); ++k) {
    const auto result = compare(fmt::format("{}: output {}", op_case.name, k), run.outputs[k],
                                exact.outputs[k], tolerance);
    if (!result.ok) return result;
  }
  for (size_t i = 0; i < run.grads.size(); ++i) {
    if (!differentiable(op_case, i)) continue;
    const auto result = compare(fmt::format("{}: gradient {}", op_case.name, i), run.grads[i],
                                exact.grads[i], tolerance);
    if (!result.ok) return result;
  }
  return {};
}

CheckResult check_repeat_and_accumulate(const OpCase& op_case, Device device) {
  const DType dtype = op_case.has_f32 ? DType::kF32 : DType::kF64;
  const Run first = run_case(op_case, dtype, device), second = run_case(op_case, dtype, device);
  for (size_t i = 0; i < first.grads.size(); ++i) {
    if (!first.grads[i].defined()) continue;
    if (std::memcmp(first.grads[i].raw(), second.grads[i].raw(), first.grads[i].bytes()) != 0) {
      return {false, fmt::format("{}: two runs differ in gradient {}", op_case.name, i)};
    }
  }
  for (size_t k = 0; k < first.outputs.size(); ++k) {
    if (std::memcmp(first.outputs[k].raw(), second.outputs[k].raw(), first.outputs[k].bytes()) !=
        0) {
      return {false, fmt::format("{}: two runs differ in output {}", op_case.name, k)};
    }
  }
  const auto inputs = leaves(op_case, dtype, device);
  for (int pass = 0; pass < 2; ++pass) backward_probes(op_case.forward(inputs));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!first.grads[i].defined()) continue;
    const Tensor doubled = first.grads[i].clone();
    accumulate(doubled, first.grads[i]);
    const auto result = compare(fmt::format("{}: accumulated gradient {}", op_case.name, i),
                                inputs[i].grad(), doubled, 1e-6);
    if (!result.ok) return result;
  }
  return {};
}

}  // namespace denovo::testing
