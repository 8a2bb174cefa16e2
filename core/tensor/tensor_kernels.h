// Fill, copy with conversion, and accumulate, for every backend.
#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo {

void run_fill(CpuContext& ctx, const Tensor& tensor, double value);
void run_fill(CudaContext& ctx, const Tensor& tensor, double value);
void run_copy(CpuContext& ctx, const Tensor& destination, const Tensor& source);
void run_copy(CudaContext& ctx, const Tensor& destination, const Tensor& source);
void run_accumulate(CpuContext& ctx, const Tensor& destination, const Tensor& source);
void run_accumulate(CudaContext& ctx, const Tensor& destination, const Tensor& source);

}  // namespace denovo
