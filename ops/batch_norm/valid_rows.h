// Rows of [N, ..., C] that lie in empty slots: what reads them as sums leaves them out, what maps
// them writes zeros. For the kernels of batch normalization on the GPU.
#pragma once

#include "ops/normalization/normalized_vectors.h"

namespace denovo::ops {

struct ValidRows {
  const int32_t* slots;  // null: all rows are valid
  int64_t rows;          // of a sample

  DENOVO_HD bool operator()(int64_t row) const { return !slots || slots[row / rows] >= 0; }
  /// The first valid row from this one on, or end.
  DENOVO_HD int64_t next(int64_t row, int64_t end) const {
    while (row < end && !(*this)(row)) row = (row / rows + 1) * rows;
    return row < end ? row : end;
  }
};

/// GradientTerm over valid rows; in the others masked becomes zero.
template <class T, ReluMask kMask>
struct ValidGradientTerm {
  using Term = GradientTerm<T, kMask>;
  using A = typename Term::A;
  static constexpr int kVector = Term::kVector, kValues = Term::kValues;
  Term term;
  ValidRows valid;

  template <int V>
  DENOVO_HD auto state(int64_t n, int64_t c) const {
    return term.template state<V>(n, c);
  }
  template <int V>
  DENOVO_HD void add(const typename Term::template State<V>& s, int64_t i,
                     A (&totals)[2][V]) const {
    if (!valid.slots || valid(i / term.channels)) {
      term.template add<V>(s, i, totals);
    } else if (term.masked) {
      Pack<T, V>::fill(0).store(term.masked + i);
    }
  }
};

/// The functor of parallel_rows on valid rows; the others become zero when kClear, else stay.
template <class T, class Map, bool kClear>
struct MapValidRows {
  static constexpr int kVector = Map::kVector;
  Map map;
  ValidRows valid;
  T* out;

  struct Row {
    typename Map::Row row;
    bool is_valid;
  };
  DENOVO_HD Row row(int64_t r) const { return {map.row(r), valid(r)}; }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    if (row.is_valid) {
      map.template apply<V>(row.row, c);
    } else if (kClear) {
      Pack<T, V>::fill(0).store(out + row.row.first + c);
    }
  }
};

}  // namespace denovo::ops
