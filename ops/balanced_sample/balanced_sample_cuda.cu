#include "ops/balanced_sample/balanced_sample_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const SampleBalanced& args) {
  balanced_sample_blocks::run(ctx, args);
}

}  // namespace denovo::ops
