// Kernels that the CUDA backend does not have yet. Each line stands in for a kernel, so that the
// rest links; it goes when the op's folder gets its own.
#include "core/error.h"
#include "ops/balanced_sample/balanced_sample_kernels.h"
#include "ops/batch_norm/batch_norm_kernels.h"
#include "ops/compact/compact_kernels.h"
#include "ops/conv2d/conv2d_kernels.h"
#include "ops/gradient_norm/gradient_norm_kernels.h"
#include "ops/group_norm/group_norm_kernels.h"
#include "ops/linear/linear_kernels.h"
#include "ops/loss_weights/loss_weights_kernels.h"
#include "ops/nms/nms_kernels.h"
#include "ops/roi_align/roi_align_kernels.h"
#include "ops/sum/sum_kernels.h"
#include "ops/top_k/top_k_kernels.h"

namespace denovo::ops {
namespace {

[[noreturn]] void no_kernel(const char* op) {
  throw DeviceError(std::string(op) + ": has no CUDA kernel yet; use --device cpu");
}

}  // namespace

void run(CudaContext&, const SampleBalanced&) {
  no_kernel("balanced_sample");
}
void run(CudaContext&, const BatchMoments&) {
  no_kernel("batch_norm");
}
void run(CudaContext&, const BatchNormForward&) {
  no_kernel("batch_norm");
}
void run(CudaContext&, const BatchNormSums&) {
  no_kernel("batch_norm");
}
void run(CudaContext&, const BatchNormBackward&) {
  no_kernel("batch_norm");
}
void run(CudaContext&, const CompactForward&) {
  no_kernel("compact");
}
void run(CudaContext&, const GradientNorm&) {
  no_kernel("gradient_norm");
}
void run(CudaContext&, const LossWeights&) {
  no_kernel("loss_weights");
}
void run(CudaContext&, const NmsForward&) {
  no_kernel("nms");
}
void run(CudaContext&, const SumForward&) {
  no_kernel("sum");
}
void run(CudaContext&, const TopKForward&) {
  no_kernel("top_k");
}
void run(CudaContext&, const Conv2dForward&) {
  no_kernel("conv2d");
}
void run(CudaContext&, const Conv2dBackwardData&) {
  no_kernel("conv2d");
}
void run(CudaContext&, const Conv2dBackwardWeight&) {
  no_kernel("conv2d");
}
void run(CudaContext&, const LinearForward&) {
  no_kernel("linear");
}
void run(CudaContext&, const LinearBackwardData&) {
  no_kernel("linear");
}
void run(CudaContext&, const LinearBackwardWeight&) {
  no_kernel("linear");
}
void run(CudaContext&, const GroupNormForward&) {
  no_kernel("group_norm");
}
void run(CudaContext&, const GroupNormBackward&) {
  no_kernel("group_norm");
}
void run(CudaContext&, const RoiAlignForward&) {
  no_kernel("roi_align");
}
void run(CudaContext&, const RoiAlignBackward&) {
  no_kernel("roi_align");
}

}  // namespace denovo::ops
