// What a single-source kernel file includes. Compiled by g++, Context is CpuContext; compiled by
// nvcc, it is CudaContext. The same functors are launched by both.
#pragma once

#include "core/host_device.h"
#include "core/pack.h"
#include "core/tensor.h"

#ifdef __CUDACC__
#include "core/cuda/launch.cuh"
namespace denovo {
using Context = CudaContext;
}
#else
#include "core/parallel.h"
namespace denovo {
using Context = CpuContext;
}
#endif
