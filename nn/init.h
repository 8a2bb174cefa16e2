// Weight initialisers (PAPER: Detectron's and detectron2's recipes; formulas as in fvcore's
// weight_init).
#pragma once

#include "core/kernels/random.h"
#include "core/tensor/tensor.h"

namespace denovo::nn {

struct Initializer {
  enum class Kind { kConstant, kUniform, kNormal } kind = Kind::kConstant;
  double value = 0;  // constant, bound of U(-value, value), or standard deviation

  static Initializer constant(double value) { return {Kind::kConstant, value}; }
  static Initializer normal(double deviation) { return {Kind::kNormal, deviation}; }
  /// c2_xavier_fill: U(-a, a), a = sqrt(3 / fan_in). Caffe2's XavierFill; the trunk of the paper's
  /// code.
  static Initializer xavier(int64_t fan_in);
  /// c2_msra_fill: N(0, sqrt(2 / fan_out)).
  static Initializer msra(int64_t fan_out);
};

/// Fills a floating tensor; element i uses draw i of the stream, computed in double on the host.
void initialize_tensor(const Tensor& tensor, const Initializer& init, const RandomStream& stream);

}  // namespace denovo::nn
