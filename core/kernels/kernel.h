// What a single-source kernel file includes. Compiled by g++, Context is CpuContext; compiled by
// nvcc, it is CudaContext. The same functors are launched by both.
#pragma once

#include "core/kernels/host_device.h"
#include "core/kernels/pack.h"
#include "core/tensor/tensor.h"

#ifdef __CUDACC__
#include "core/cuda/launch.cuh"
namespace denovo {
using Context = CudaContext;
}
#else
#include "core/kernels/parallel.h"
namespace denovo {
using Context = CpuContext;
}
#endif
