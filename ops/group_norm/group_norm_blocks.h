// Group normalization as block kernels, for the GPU; the CPU suite runs the same phases. Rows are
// reduced to sums of each channel (core/kernels/slab_sums.h), blocks of whole groups make
// statistics or slopes from them, then every element is mapped
// (ops/normalization/normalized_vectors.h). Where there are many small samples one block does all
// three of a sample.
#pragma once

#include "core/kernels/moments.h"
#include "core/kernels/slab_sums.h"
#include "ops/normalization/normalized_vectors.h"

namespace denovo::ops {

/// Forward's values: x - shift and its square. The shift of a channel is its first value.
template <class T>
struct MomentTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 2, kBatch = 4;
  const T* x;
  int64_t rows, channels;

  template <int V>
  DENOVO_HD auto state(const SlabPlace& p) const {
    return Pack<T, V>::load(x + p.sample * rows * channels + p.channel);
  }
  template <int V>
  DENOVO_HD auto load(uint32_t i) const {
    return Pack<T, V>::load(x + i);
  }
  template <int V>
  DENOVO_HD void add(const Pack<T, V>& shift, const Pack<T, V>& in, uint32_t,
                     A (&totals)[2][V]) const {
    for (int v = 0; v < V; ++v) add_shifted(in.v[v], shift.v[v], totals[0][v], totals[1][v]);
  }
};

/// From the sums of MomentTerm to mean and rstd of groups, [N][G].
template <class T>
struct GroupMoments {
  using A = Compute<T>;
  const T* x;
  A *mean, *rstd;
  int64_t rows, channels, groups;
  int size;
  double eps;

  DENOVO_HD double shift_of(int64_t n, int64_t c) const {
    return static_cast<double>(static_cast<A>(x[n * rows * channels + c]));
  }
  /// Makes the sums of a channel about its own shift those about the shift of its group, which is
  /// that of the first channel.
  DENOVO_HD void channel(int64_t n, int64_t c, double& sum, double& squares) const {
    const double d = shift_of(n, c) - shift_of(n, c - c % size), count = static_cast<double>(rows);
    squares += d * (2 * sum + count * d);
    sum += count * d;
  }
  DENOVO_HD void group(int64_t n, int64_t g, double sum, double squares) const {
    const auto moments = Moments::from_shifted_sums(static_cast<double>(rows * size),
                                                    shift_of(n, g * size), sum, squares);
    mean[n * groups + g] = static_cast<A>(moments.mean);
    rstd[n * groups + g] = static_cast<A>(reciprocal_deviation(moments.variance(), eps));
  }
};

/// From the sums of GradientTerm to slope and offset of groups, [N][G], and to what the sample adds
/// to the gradients of bias (grad_sums) and weight (grad_dots), [N][C].
template <class T>
struct GroupGradients {
  using A = Compute<T>;
  const A *weight, *mean, *rstd;
  A *slope, *offset, *grad_sums, *grad_dots;
  int64_t rows, channels, groups;
  int size;

  DENOVO_HD void channel(int64_t n, int64_t c, double& sum, double& dot) const {
    const double w = static_cast<double>(weight[c]);
    grad_sums[n * channels + c] = static_cast<A>(sum);
    grad_dots[n * channels + c] =
        static_cast<A>(dot * static_cast<double>(rstd[n * groups + c / size]));
    sum *= w;
    dot *= w;
  }
  DENOVO_HD void group(int64_t n, int64_t g, double sum, double dot) const {
    const int64_t i = n * groups + g;
    const auto gradient = GroupGradient::from_sums(sum, dot, static_cast<double>(rstd[i]),
                                                   static_cast<double>(rows * size));
    slope[i] = static_cast<A>(gradient.slope);
    offset[i] = NormCoefficients<T>::folded_offset(gradient.offset, slope[i], mean[i]);
  }
};

/// The last step of a block that has the sums of channels first .. first + width - 1.
template <class Groups>
DENOVO_HD void finish_groups(const Groups& to, int64_t n, int64_t first, int width, int thread,
                             int threads, const double* sums, const double* others) {
  for (int g = thread; g < width / to.size; g += threads) {
    double sum[2] = {};
    for (int i = g * to.size; i < (g + 1) * to.size; ++i) {
      sum[0] += sums[i];
      sum[1] += others[i];
    }
    to.group(n, first / to.size + g, sum[0], sum[1]);
  }
}

/// Joins the slabs of SlabSums and makes values of groups of them. A block takes some whole groups
/// of a sample: few, so that the blocks spread over the GPU.
template <class Groups, class A>
struct FinishGroups : BlockKernel {
  static constexpr int kPhases = 3, kChannels = 8;  // at least
  Groups to;
  const A* sums;  // [N][slab][2][C]
  int64_t samples, num_slabs;
  int block_channels, num_chunks, columns, row_threads;

  FinishGroups(const Groups& g, const SlabCut& cut, const A* s)
      : to(g), sums(s), samples(cut.samples), num_slabs(cut.num_slabs) {
    const int channels = static_cast<int>(to.channels);
    block_channels = std::min((kChannels + to.size - 1) / to.size * to.size, channels);
    num_chunks = (channels + block_channels - 1) / block_channels;
    columns = std::min(block_channels, kThreads);
    row_threads = kThreads / columns;
  }
  int64_t blocks() const { return samples * num_chunks; }
  int64_t shared_bytes() const {
    return int64_t{2} * row_threads * block_channels * static_cast<int64_t>(sizeof(double));
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const auto block = static_cast<uint32_t>(at.block), chunks = static_cast<uint32_t>(num_chunks);
    const int64_t n = block / chunks;
    const int first = static_cast<int>(block % chunks) * block_channels,
              left = static_cast<int>(to.channels) - first,
              width = left < block_channels ? left : block_channels;
    double* shared = at.share<double>();  // [row thread][2][channel]
    const auto share = [&](int row, int value) {
      return shared + (2 * row + value) * block_channels;
    };
    if constexpr (P == 0) {
      const int row = at.thread / columns;
      if (row >= row_threads) return;
      for (int i = at.thread % columns; i < width; i += columns) {
        double sum[2] = {};
        const A* slab = sums + (n * num_slabs + row) * 2 * to.channels + first + i;
        for (int64_t s = row; s < num_slabs; s += row_threads) {
          sum[0] += static_cast<double>(slab[0]);
          sum[1] += static_cast<double>(slab[to.channels]);
          slab += 2 * row_threads * to.channels;
        }
        share(row, 0)[i] = sum[0];
        share(row, 1)[i] = sum[1];
      }
    } else if constexpr (P == 1) {
      for (int i = at.thread; i < width; i += kThreads) {
        double sum[2] = {};
        for (int row = 0; row < row_threads; ++row) {
          sum[0] += share(row, 0)[i];
          sum[1] += share(row, 1)[i];
        }
        to.channel(n, first + i, sum[0], sum[1]);
        share(0, 0)[i] = sum[0];
        share(0, 1)[i] = sum[1];
      }
    } else {
      finish_groups(to, n, first, width, at.thread, kThreads, share(0, 0), share(0, 1));
    }
  }
};

/// Sums, groups and map of one sample's chunk of channels, which holds whole groups, by one block:
/// the second read of its rows finds them in the cache.
template <class Term, class Groups, class Map, int V>
struct WholeSamples : BlockKernel {
  using A = typename Term::A;
  using Sums = BlockSums<Term, V>;
  static constexpr int kPhases = 4;
  Term term;
  Groups to;
  Map map;
  SlabCut cut;
  bool maps;  // false: the values of groups are all that is wanted

  WholeSamples(const Term& t, const Groups& g, const Map& m, const SlabCut& c, bool also_maps)
      : term(t), to(g), map(m), cut(c), maps(also_maps) {}
  int64_t shared_bytes() const {
    return 2 * cut.chunk_channels() * static_cast<int64_t>(sizeof(double)) +
           Sums::shared_bytes(cut);
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const auto p = SlabPlace::of<V>(cut, at);
    const int chunk = cut.lanes * V;
    double* totals = at.share<double>();  // [2][channel of the chunk]
    A* shared = at.share<A>(2 * chunk * static_cast<int64_t>(sizeof(double)));
    const int64_t left = cut.channels - p.first_channel;
    const int width = left < chunk ? static_cast<int>(left) : chunk;
    if constexpr (P == 0) {
      Sums::add_rows(term, cut, p, shared);
    } else if constexpr (P == 1) {
      for (int column = at.thread; column < chunk; column += kThreads) {
        const int i = Sums::channel_of(cut, column);
        if (i >= width) continue;
        auto sum = static_cast<double>(Sums::sum(cut, shared, 0, column)),
             other = static_cast<double>(Sums::sum(cut, shared, 1, column));
        to.channel(p.sample, p.first_channel + i, sum, other);
        totals[i] = sum;
        totals[chunk + i] = other;
      }
    } else if constexpr (P == 2) {
      finish_groups(to, p.sample, p.first_channel, width, at.thread, kThreads, totals,
                    totals + chunk);
    } else {
      if (maps) map_rows<V>(map, cut, p);
    }
  }
};

}  // namespace denovo::ops
