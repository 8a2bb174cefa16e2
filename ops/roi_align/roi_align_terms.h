// The weights of a RoI along one axis, for the CPU: by bin (forward) and by cell (backward).
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "ops/roi_align/roi_align_math.h"

namespace denovo::ops {

/// A weight and what it belongs to: a cell or bin of an axis, or the offset of a row of channels.
template <class W>
struct Term {
  int64_t index;
  W weight;
};

/// Terms of consecutive owners: those of owner i are terms[begin[i]] .. terms[begin[i + 1]].
template <class W>
struct TermLists {
  std::vector<Term<W>> terms;
  std::vector<size_t> begin;

  std::span<const Term<W>> of(size_t owner) const {
    return std::span(terms).subspan(begin[owner], begin[owner + 1] - begin[owner]);
  }
};

/// Adds weight to the term of a cell. Samples ascend, so it can only be one of the last two.
template <class W>
void add_cell(std::vector<Term<W>>& terms, size_t first, int cell, W weight) {
  if (weight == 0) return;
  for (size_t back = 1; back <= 2 && terms.size() >= first + back; ++back) {
    Term<W>& term = terms[terms.size() - back];
    if (term.index == cell) {
      term.weight += weight;
      return;
    }
  }
  terms.push_back({cell, weight});
}

/// For each bin, the cells it averages over along one axis.
template <class W, class B>
void cells_of_bins(const RoiAxis<B>& axis, int bins, int size, TermLists<W>& lists) {
  const W share = W(1) / static_cast<W>(axis.samples);
  lists.terms.clear();
  lists.begin.assign(1, 0);
  for (int p = 0; p < bins; ++p) {
    const size_t first = lists.terms.size();
    for (int i = 0; i < axis.samples; ++i) {
      const LinearTap<B> tap = linear_tap(axis.sample(p, i), size);
      if (!tap.inside) continue;
      add_cell(lists.terms, first, tap.cell0, static_cast<W>(tap.weight0) * share);
      add_cell(lists.terms, first, tap.cell1, static_cast<W>(tap.weight1) * share);
    }
    lists.begin.push_back(lists.terms.size());
  }
}

/// The same weights by cell: owner i of the result is cell first + i, its terms are bins,
/// ascending.
template <class W>
struct BinsOfCells {
  int64_t first = 0, end = 0;  // cells that some bin averages over
  TermLists<W> lists;

  explicit BinsOfCells(const TermLists<W>& cells) {
    lists.begin.assign(1, 0);
    if (cells.terms.empty()) return;
    first = end = cells.terms[0].index;
    for (const Term<W>& term : cells.terms) {
      first = std::min(first, term.index);
      end = std::max(end, term.index + 1);
    }
    // Counting sort: counts, then where each cell's terms begin, then the terms, bin after bin.
    lists.begin.assign(static_cast<size_t>(end - first) + 1, 0);
    for (const Term<W>& term : cells.terms)
      ++lists.begin[static_cast<size_t>(term.index - first) + 1];
    std::partial_sum(lists.begin.begin(), lists.begin.end(), lists.begin.begin());
    lists.terms.resize(cells.terms.size());
    std::vector<size_t> next(lists.begin.begin(), lists.begin.end() - 1);
    for (size_t bin = 0; bin + 1 < cells.begin.size(); ++bin) {
      for (const Term<W>& term : cells.of(bin)) {
        lists.terms[next[static_cast<size_t>(term.index - first)]++] = {static_cast<int64_t>(bin),
                                                                        term.weight};
      }
    }
  }
  std::span<const Term<W>> of(int64_t cell) const {
    return lists.of(static_cast<size_t>(cell - first));
  }
  bool overlaps(int64_t low, int64_t high) const { return first < high && end > low; }
};

}  // namespace denovo::ops
