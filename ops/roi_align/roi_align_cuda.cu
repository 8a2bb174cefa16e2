#include "ops/roi_align/roi_align_gather_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const RoiAlignForward& args) {
  roi_align_gather::run(ctx, args);
}
void run(CudaContext& ctx, const RoiAlignBackward& args) {
  roi_align_gather::run(ctx, args);
}

}  // namespace denovo::ops
