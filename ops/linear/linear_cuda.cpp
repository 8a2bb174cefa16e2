// Matrix products of the linear layer on the GPU: cuBLASLt.
#include "core/cuda/matmul.h"
#include "ops/linear/linear_kernels.h"

namespace denovo::ops {

void run(CudaContext& ctx, const LinearForward& args) {
  if (args.y.numel() == 0) return;
  if (args.x.numel() == 0) return fill(args.y, 0);
  matmul(ctx, {.m = args.x.size(0),
               .n = args.y.size(1),
               .k = args.x.size(1),
               .a = args.x.raw(),
               .b = args.weight.raw(),
               .c = args.y.raw(),
               .transpose_b = true,
               .dtype = args.x.dtype()});
}

void run(CudaContext& ctx, const LinearBackwardData& args) {
  if (args.grad_x.numel() == 0) return;
  if (args.grad_y.numel() == 0) {
    if (args.beta == 0) fill(args.grad_x, 0);
    return;
  }
  matmul(ctx, {.m = args.grad_x.size(0),
               .n = args.grad_x.size(1),
               .k = args.grad_y.size(1),
               .a = args.grad_y.raw(),
               .b = args.weight.raw(),
               .c = args.grad_x.raw(),
               .dtype = args.grad_x.dtype(),
               .beta = args.beta});
}

void run(CudaContext& ctx, const LinearBackwardWeight& args) {
  if (args.x.numel() == 0 || args.grad_y.numel() == 0) {
    if (args.beta == 0) fill(args.grad_weight, 0);
    return;
  }
  matmul(ctx, {.m = args.grad_weight.size(0),
               .n = args.grad_weight.size(1),
               .k = args.x.size(0),
               .a = args.grad_y.raw(),
               .b = args.x.raw(),
               .c = args.grad_weight.raw(),
               .transpose_a = true,
               .dtype = args.x.dtype(),
               .beta = args.beta});
}

}  // namespace denovo::ops
