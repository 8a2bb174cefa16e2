// DENOVO_HD marks arithmetic that runs on the host and, compiled by nvcc, on the device.
// DENOVO_ROLLED, before a loop: nvcc leaves it as it stands, where it has been cut by hand.
// DENOVO_SIMD, before a loop over the channels of a Pack: g++ makes it vector instructions.
#pragma once

#ifdef __CUDACC__
#define DENOVO_HD __host__ __device__ inline
#else
#define DENOVO_HD inline
#endif

#ifdef __CUDACC__
#define DENOVO_SIMD
#else
#define DENOVO_SIMD _Pragma("omp simd")
#endif

#ifdef __CUDA_ARCH__
#define DENOVO_ROLLED _Pragma("unroll 1")
#else
#define DENOVO_ROLLED
#endif
