// DENOVO_HD marks arithmetic that runs on the host and, compiled by nvcc, on the device.
#pragma once

#ifdef __CUDACC__
#define DENOVO_HD __host__ __device__ inline
#else
#define DENOVO_HD inline
#endif
