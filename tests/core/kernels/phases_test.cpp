#include "core/kernels/phases.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "core/kernels/parallel.h"

using namespace denovo;

namespace {

/// out[t] = value of the thread before: right when a barrier (kBarrier) stands between writing and
/// reading.
template <bool kBarrier>
struct TakeFromNeighbour : BlockKernel {
  static constexpr int kPhases = 2;
  int* out;
  explicit TakeFromNeighbour(int* o) : out(o) {}
  int64_t shared_bytes() const { return kThreads * static_cast<int64_t>(sizeof(int)); }

  template <int P>
  void phase(const PhasePoint& at, Local&) const {
    int* shared = at.share<int>();
    const int before = (at.thread + kThreads - 1) % kThreads;
    if constexpr (P == 0) shared[at.thread] = at.thread;
    if constexpr (P == (kBarrier ? 1 : 0)) out[at.block * kThreads + at.thread] = shared[before];
  }
};

template <bool kBarrier>
std::vector<int> run(bool backwards) {
  std::vector<int> out(2 * BlockKernel::kThreads);
  const bool before = std::exchange(phases_internal::backwards, backwards);
  parallel_phases(cpu_context(), 2, TakeFromNeighbour<kBarrier>(out.data()));
  phases_internal::backwards = before;
  return out;
}

}  // namespace

TEST_CASE("phases: a barrier makes the order of the threads irrelevant") {
  const std::vector<int> result = run<true>(false);
  CHECK(result == run<true>(true));
  for (int t = 1; t < BlockKernel::kThreads; ++t) CHECK(result[static_cast<size_t>(t)] == t - 1);
}

TEST_CASE("phases: a missing barrier shows when the threads come the other way round") {
  CHECK(run<false>(false) != run<false>(true));
}
