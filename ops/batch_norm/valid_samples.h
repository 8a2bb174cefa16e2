// Samples of [N, ..., C] that are empty slots: what sums their rows leaves them out, what maps them
// writes zeros. For the kernels of batch normalization on the GPU.
#pragma once

#include <utility>

#include "core/kernels/slab_sums.h"
#include "ops/normalization/normalized_vectors.h"

namespace denovo::ops {

/// Without slots the batch is one valid sample.
struct ValidSamples {
  const int32_t* slots;  // or null
  int64_t samples, rows, channels;

  ValidSamples(const Tensor& x, const Tensor& which)
      : slots(which.defined() ? which.data<int32_t>() : nullptr),
        samples(slots ? x.size(0) : 1),
        rows(x.numel() == 0 ? 0 : x.numel() / (samples * x.size(-1))),
        channels(x.size(-1)) {}
  DENOVO_HD bool operator()(int64_t n) const { return !slots || slots[n] >= 0; }
};

/// GradientTerm over valid samples; in the others masked becomes zero.
template <class T, ReluMask kMask>
struct ValidGradientTerm {
  using Term = GradientTerm<T, kMask>;
  using A = typename Term::A;
  static constexpr int kVector = Term::kVector, kValues = Term::kValues, kBatch = Term::kBatch;
  Term term;
  ValidSamples valid;

  template <int V>
  struct State {
    typename NormCoefficients<T>::template Kept<V> state;
    bool is_valid;
  };
  template <int V>
  DENOVO_HD State<V> state(const SlabPlace& p) const {
    return {term.template state<V>(p), valid(p.sample)};
  }
  template <int V>
  DENOVO_HD auto load(uint32_t i) const {
    return term.template load<V>(i);
  }
  template <int V, class In>
  DENOVO_HD void add(const State<V>& s, const In& in, uint32_t i, A (&totals)[2][V]) const {
    if (s.is_valid) {
      term.template add<V>(s.state, in, i, totals);
    } else if (term.masked) {
      Pack<T, V>::fill(0).store(term.masked + i);
    }
  }
};

/// A map on valid samples; the others become zero when kClear, else stay.
template <class T, class Map, bool kClear>
struct MapValidSamples {
  static constexpr int kVector = Map::kVector, kBatch = Map::kBatch;
  Map map;
  ValidSamples valid;
  T* out;

  template <int V>
  struct Kept {
    decltype(std::declval<Map>().template keep<V>(0, 0)) kept;
    bool is_valid;
  };
  template <int V>
  DENOVO_HD Kept<V> keep(uint32_t n, uint32_t c) const {
    return {map.template keep<V>(n, c), valid(n)};
  }
  template <int V>
  DENOVO_HD auto load(uint32_t i) const {
    return map.template load<V>(i);
  }
  template <int V, class In>
  DENOVO_HD void apply(const Kept<V>& k, const In& in, uint32_t i) const {
    if (k.is_valid) {
      map.template apply<V>(k.kept, in, i);
    } else if (kClear) {
      Pack<T, V>::fill(0).store(out + i);
    }
  }
};

}  // namespace denovo::ops
