#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/batch_norm/batch_norm.h"

namespace denovo::ops {

/// moments: f64 [3, C], rows count, mean, M2.
struct BatchMoments {
  const Tensor &x, &slots;
  const Tensor& moments;
};

/// moments [3, C] := sets [S, 3, C] joined in order.
struct MergeMoments {
  const Tensor &sets, &moments;
};

/// mean and rstd (compute type of x) from moments, which also move the running statistics; without
/// moments (inference) from the running statistics.
struct BatchNormStatistics {
  const Tensor& moments;
  double eps, momentum;
  const Tensor &mean, &rstd, &running_mean, &running_variance;
};

/// y from mean and rstd [C]; residual and slots may be undefined.
struct BatchNormForward {
  const Tensor &x, &slots, &weight, &bias, &residual, &mean, &rstd;
  bool relu;
  const Tensor& y;
};

/// sums: f64 [2, C], rows: sum of g and sum of g * (x - mean) over valid samples, with g = grad_y
/// where the ReLU let it through. y: defined when the mask comes from it. masked: receives g (zero
/// in empty slots); may be undefined.
struct BatchNormSums {
  const Tensor &x, &slots, &weight, &bias, &mean, &rstd, &grad_y, &y;
  bool relu;
  const Tensor &sums, &masked;
};

/// grad_x = beta * grad_x + the gradient from g and, when moments is defined (training), through
/// the statistics; grad_y is g itself when relu is false.
struct BatchNormBackward {
  const Tensor &x, &slots, &weight, &bias, &mean, &rstd, &grad_y, &y;
  bool relu;
  const Tensor &sums, &moments;
  const Tensor& grad_x;
  double beta;
};

/// grad_weight = beta * grad_weight + rstd * sums[1], grad_bias = beta * grad_bias + sums[0]; an
/// undefined target is not wanted.
struct BatchNormParameterGradients {
  const Tensor &sums, &rstd;
  const Tensor &grad_weight, &grad_bias;
  double beta_weight, beta_bias;
};

void run(CpuContext& ctx, const BatchMoments& args);
void run(CudaContext& ctx, const BatchMoments& args);
void run(CpuContext& ctx, const BatchNormForward& args);
void run(CudaContext& ctx, const BatchNormForward& args);
void run(CpuContext& ctx, const BatchNormSums& args);
void run(CudaContext& ctx, const BatchNormSums& args);
void run(CpuContext& ctx, const BatchNormBackward& args);
void run(CudaContext& ctx, const BatchNormBackward& args);

// Per-channel arithmetic, one source.
void run(CpuContext& ctx, const MergeMoments& args);
void run(CudaContext& ctx, const MergeMoments& args);
void run(CpuContext& ctx, const BatchNormStatistics& args);
void run(CudaContext& ctx, const BatchNormStatistics& args);
void run(CpuContext& ctx, const BatchNormParameterGradients& args);
void run(CudaContext& ctx, const BatchNormParameterGradients& args);

}  // namespace denovo::ops
