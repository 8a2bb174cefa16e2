// Kernels that the CUDA backend does not have yet. Each line stands in for one, so that the rest
// links; it goes when the op's folder gets its own.
#include "core/error.h"
#include "ops/batch_norm/batch_norm_kernels.h"

namespace denovo::ops {

#define DENOVO_PENDING(op, Args)                                         \
  void run(CudaContext&, const Args&) {                                  \
    throw DeviceError(#op ": has no CUDA kernel yet; use --device cpu"); \
  }
DENOVO_PENDING(batch_norm, BatchMoments)
DENOVO_PENDING(batch_norm, BatchNormForward)
DENOVO_PENDING(batch_norm, BatchNormSums)
DENOVO_PENDING(batch_norm, BatchNormBackward)
#undef DENOVO_PENDING

}  // namespace denovo::ops
