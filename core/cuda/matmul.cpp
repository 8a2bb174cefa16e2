#include "core/cuda/matmul.h"

#include <cublasLt.h>
#include <fmt/format.h>

#include <array>
#include <memory>

#include "core/cuda/cuda_error.h"
#include "core/error.h"
#include "core/run/hash_words.h"
#include "core/run/lru_cache.h"

namespace denovo {
namespace {

// What NVIDIA recommends for Hopper; smaller GPUs are content with less.
constexpr size_t kWorkspaceBytes = size_t{32} << 20;

void check(cublasStatus_t status, const char* what, const Matmul& p) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw BackendError(fmt::format("{} failed: {} (product [{}, {}] x [{}, {}] {})", what,
                                 cublasLtGetStatusName(status), p.m, p.k, p.k, p.n, name(p.dtype)));
}

cudaDataType_t data_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return CUDA_R_32F;
    case DType::kF64:
      return CUDA_R_64F;
    case DType::kBF16:
      return CUDA_R_16BF;
    default:
      throw InternalError("matmul: no type for " + std::string(name(dtype)));
  }
}

template <class T, cublasStatus_t (*kDestroy)(T)>
struct Destroy {
  using pointer = T;
  void operator()(T handle) const { kDestroy(handle); }
};
template <class T, cublasStatus_t (*kDestroy)(T)>
using Owner = std::unique_ptr<T, Destroy<T, kDestroy>>;
using Layout = Owner<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Description = Owner<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Preference = Owner<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

/// A product in cuBLASLt's terms. It counts columns first, in which a row-major matrix is its own
/// transpose: c^T = op(b)^T * op(a)^T, so b comes first.
struct Plan {
  Description description;
  Layout first, second, result;
  cublasLtMatmulAlgo_t algorithm{};
};

Layout make_layout(const Matmul& p, int64_t rows, int64_t columns) {
  cublasLtMatrixLayout_t layout = nullptr;
  check(cublasLtMatrixLayoutCreate(&layout, data_type(p.dtype), static_cast<uint64_t>(columns),
                                   static_cast<uint64_t>(rows), columns),
        "cublasLtMatrixLayoutCreate", p);
  return Layout(layout);
}

Description make_description(const Matmul& p, bool tf32) {
  const bool is_double = p.dtype == DType::kF64;
  const cublasComputeType_t compute = is_double ? CUBLAS_COMPUTE_64F
                                      : tf32 && p.dtype == DType::kF32
                                          ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : CUBLAS_COMPUTE_32F;
  cublasLtMatmulDesc_t raw = nullptr;
  check(cublasLtMatmulDescCreate(&raw, compute, is_double ? CUDA_R_64F : CUDA_R_32F),
        "cublasLtMatmulDescCreate", p);
  Description description(raw);
  const auto set = [&](cublasLtMatmulDescAttributes_t attribute, bool transposed) {
    const cublasOperation_t operation = transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(cublasLtMatmulDescSetAttribute(raw, attribute, &operation, sizeof operation),
          "cublasLtMatmulDescSetAttribute", p);
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_b);
  set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_a);
  return description;
}

Preference make_preference(const Matmul& p, uint32_t alignment) {
  cublasLtMatmulPreference_t raw = nullptr;
  check(cublasLtMatmulPreferenceCreate(&raw), "cublasLtMatmulPreferenceCreate", p);
  Preference preference(raw);
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    check(cublasLtMatmulPreferenceSetAttribute(raw, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute", p);
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspaceBytes);
  // Split sums go through the workspace and are added in order; in place they would not be.
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    set(attribute, alignment);
  }
  return preference;
}

Plan make_plan(CudaContext& ctx, const Matmul& p, uint32_t alignment) {
  Plan plan;
  plan.description = make_description(p, ctx.tf32());
  plan.first = p.transpose_b ? make_layout(p, p.n, p.k) : make_layout(p, p.k, p.n);
  plan.second = p.transpose_a ? make_layout(p, p.k, p.m) : make_layout(p, p.m, p.k);
  plan.result = make_layout(p, p.m, p.n);
  const Preference preference = make_preference(p, alignment);
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  check(cublasLtMatmulAlgoGetHeuristic(ctx.cublas_lt(), plan.description.get(), plan.first.get(),
                                       plan.second.get(), plan.result.get(), plan.result.get(),
                                       preference.get(), 1, &best, &found),
        "cublasLtMatmulAlgoGetHeuristic", p);
  if (found == 0) check(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmulAlgoGetHeuristic", p);
  plan.algorithm = best.algo;
  return plan;
}

uint32_t common_alignment(const Matmul& p) {
  uint32_t alignment = 256;
  for (const void* address : {p.a, p.b, static_cast<const void*>(p.c)}) {
    while (reinterpret_cast<uintptr_t>(address) % alignment != 0) alignment /= 2;
  }
  return alignment;
}

const Plan& plan_for(CudaContext& ctx, const Matmul& p) {
  // One thread drives a GPU. A plan is four small structs of cuBLASLt beside itself; in f32 a step
  // has some seventy for each shape of images.
  constexpr size_t kPlanBytes = size_t{1} << 10, kMaxBytes = size_t{16} << 20;
  static LruCache<std::array<int64_t, 9>, Plan, HashWords> plans(kMaxBytes);
  const uint32_t alignment = common_alignment(p);
  const std::array<int64_t, 9> key{ctx.device().index,
                                   p.m,
                                   p.n,
                                   p.k,
                                   p.transpose_a,
                                   p.transpose_b,
                                   static_cast<int64_t>(p.dtype),
                                   ctx.tf32(),
                                   alignment};
  if (const Plan* plan = plans.find(key)) return *plan;
  return plans.add(key, make_plan(ctx, p, alignment), kPlanBytes);
}

}  // namespace

void matmul(CudaContext& ctx, const Matmul& p) {
  const Plan& plan = plan_for(ctx, p);
  // Scalars have the compute type.
  const double one = 1, beta = p.beta;
  const float one_f32 = 1, beta_f32 = static_cast<float>(p.beta);
  const bool is_double = p.dtype == DType::kF64;
  const void* alpha_scalar = is_double ? static_cast<const void*>(&one) : &one_f32;
  const void* beta_scalar = is_double ? static_cast<const void*>(&beta) : &beta_f32;
  check(cublasLtMatmul(ctx.cublas_lt(), plan.description.get(), alpha_scalar, p.b, plan.first.get(),
                       p.a, plan.second.get(), beta_scalar, p.c, plan.result.get(), p.c,
                       plan.result.get(), &plan.algorithm, ctx.workspace(kWorkspaceBytes),
                       kWorkspaceBytes, ctx.stream()),
        "cublasLtMatmul", p);
  ctx.check_launch("cublasLtMatmul", std::source_location::current());
}

}  // namespace denovo
