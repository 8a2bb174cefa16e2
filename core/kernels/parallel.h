// Loops on the CPU backend; core/cuda/launch.cuh has the same names for the GPU. Kernels include
// core/kernels/kernel.h, which picks one of the two.
//
// Functors are structs, not lambdas (nvcc rejects host/device lambdas inside generic lambdas), with
// a const call operator marked DENOVO_HD. They hold raw pointers and sizes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/kernels/backend.h"
#include "core/kernels/host_device.h"
#include "core/kernels/phases.h"

namespace denovo {

/// Elements below which a loop is not worth waking the other threads for.
inline constexpr int64_t kSerialGrain = 4096;

/// Test mode: loops over rows, vectors and slabs cut as the GPU cuts them, 16 bytes at a time.
inline bool loops_in_vectors = false;

/// f(i) for every i in [0, n). cost: rough elements of work per call, decides when to go parallel.
/// Iterations must be independent. Static partition: the same on every run.
template <class F>
void parallel_for(CpuContext& ctx, int64_t n, const F& f, int64_t cost = 1) {
  const int threads = n * cost < kSerialGrain ? 1 : ctx.num_threads();
  // A copy for each thread, whose members the compiler may keep in registers: behind the reference
  // they could alias what the functor stores, and many loops would not vectorise.
  const F local = f;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1) firstprivate(local)
  for (int64_t i = 0; i < n; ++i) local(i);
}

/// The functor over a rows x channels matrix (NHWC: a row is a pixel). Per row, state = f.row(r) is
/// computed once (index arithmetic); then f.template apply<V>(state, c) handles channels
/// c .. c + V - 1 through Pack<T, V> loads and stores (V = 1 here, in a loop that the compiler
/// vectorises; 16 bytes on CUDA). Rows must not write to each other's output.
///
/// A loop around loops is not vectorised: a functor that has some of its own says kHostVector, the
/// channels to take at a time here too, and writes DENOVO_SIMD before its innermost loop.
template <class F>
void parallel_rows(CpuContext& ctx, int64_t rows, int64_t channels, const F& f) {
  constexpr int kVector = [] {
    if constexpr (requires { F::kHostVector; }) return F::kHostVector;
    return 1;
  }();
  if (loops_in_vectors && channels % F::kVector == 0) {
    for (int64_t r = 0; r < rows; ++r) {
      const auto state = f.row(r);
      for (int64_t c = 0; c < channels; c += F::kVector) f.template apply<F::kVector>(state, c);
    }
    return;
  }
  const int threads = rows * channels < kSerialGrain ? 1 : ctx.num_threads();
  const F local = f;  // as in parallel_for
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1) firstprivate(local)
  for (int64_t r = 0; r < rows; ++r) {
    const auto state = local.row(r);
    if (kVector > 1 && channels % kVector == 0) {
      for (int64_t c = 0; c < channels; c += kVector) local.template apply<kVector>(state, c);
      continue;
    }
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) local.template apply<1>(state, c);
  }
}

namespace vectors_internal {

/// In test mode, where the functor's tensors allow vectors of V elements: as many as fit.
template <int V, class F>
void run(int64_t n, const F& f, int64_t& begin) {
  if constexpr (V > 1) {
    if (f.vector() < V) return;
    for (; begin + V <= n; begin += V) f.template apply<V>(begin);
  }
}

}  // namespace vectors_internal

/// The functor over n elements that lie side by side in all its tensors: f.template apply<V>(i)
/// handles elements i .. i + V - 1 through Pack<T, V> (V = 1 here; on CUDA what f.vector() says,
/// common_vector of core/kernels/common_vector.h, and 1 for the rest).
template <class F>
void parallel_vectors(CpuContext& ctx, int64_t n, const F& f) {
  const int threads = n < kSerialGrain ? 1 : ctx.num_threads();
  const F local = f;  // as in parallel_for
  int64_t begin = 0;
  if (loops_in_vectors) {
    vectors_internal::run<F::kVector>(n, local, begin);
    vectors_internal::run<F::kVector / 2>(n, local, begin);
  }
#pragma omp parallel for simd schedule(static) num_threads(threads) if (threads > 1) \
    firstprivate(local)
  for (int64_t i = begin; i < n; ++i) local.template apply<1>(i);
}

/// f(block) for every block, for host kernels whose calls each own their state.
template <class F>
void parallel_blocks(CpuContext& ctx, int64_t blocks, const F& f) {
  const int threads = blocks < 2 ? 1 : ctx.num_threads();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int64_t b = 0; b < blocks; ++b) f(b);
}

namespace phases_internal {

/// Test mode: blocks and the threads of a block in descending order. On the GPU they have none, so
/// a result that changes is that of a race.
inline bool backwards = false;

inline int64_t nth(int64_t i, int64_t count) {
  return backwards ? count - 1 - i : i;
}

template <int P, int kEnd, class F>
void run_range(const F& f, PhasePoint at, std::vector<typename F::Local>& locals) {
  if constexpr (P < kEnd) {
    for (int i = 0; i < F::kThreads; ++i) {
      at.thread = static_cast<int>(nth(i, F::kThreads));
      f.template phase<P>(at, locals[static_cast<size_t>(at.thread)]);
    }
    run_range<P + 1, kEnd>(f, at, locals);
  }
}

}  // namespace phases_internal

/// How many blocks of a block kernel a GPU runs at once. Here a number for tests, so that a cut
/// that goes by it has several blocks.
template <class F>
int64_t resident_blocks(CpuContext&) {
  return 8;
}

/// All phases of all blocks of a block kernel (core/kernels/phases.h).
template <class F>
void parallel_phases(CpuContext& ctx, int64_t blocks, const F& f) {
  using phases_internal::run_range;
  const int threads = blocks < 2 ? 1 : ctx.num_threads();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t block = phases_internal::nth(i, blocks);
    std::vector<typename F::Local> locals(F::kThreads);
    // Filled with NaN: what a phase reads before another has written must not pass for a number.
    struct alignas(16) Chunk {
      uint64_t words[2] = {~uint64_t{0}, ~uint64_t{0}};
    };
    std::vector<Chunk> shared(static_cast<size_t>((f.shared_bytes() + 15) / 16));
    PhasePoint at{block, 0, 0, reinterpret_cast<std::byte*>(shared.data())};
    run_range<0, F::kLoopBegin>(f, at, locals);
    const int64_t passes = F::kLoopEnd > F::kLoopBegin ? f.passes(block) : 0;
    for (at.pass = 0; at.pass < passes; ++at.pass) {
      run_range<F::kLoopBegin, F::kLoopEnd>(f, at, locals);
    }
    at.pass = 0;
    run_range<F::kLoopEnd, F::kPhases>(f, at, locals);
  }
}

}  // namespace denovo
