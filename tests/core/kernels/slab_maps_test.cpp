// The cut that the GPU maps and sums with, on the CPU.
#include "core/kernels/slab_maps.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/kernels/slab_sums.h"

using namespace denovo;

namespace {

/// visits += 1 and y = x + coefficient of the channel (of the sample).
struct AddCoefficient {
  static constexpr int kVector = 4, kBatch = 2;
  const float *x, *coefficients;
  float* y;
  int* visits;
  int64_t channels;

  template <int V, class I>
  auto keep(I n, I c) const {
    return Pack<float, V>::load(coefficients + n * channels + c);
  }
  template <int V, class I>
  auto load(I i) const {
    return Pack<float, V>::load(x + i);
  }
  template <int V, class I>
  void apply(const Pack<float, V>& kept, Pack<float, V> in, I i) const {
    for (int v = 0; v < V; ++v) {
      in.v[v] += kept.v[v];
      ++visits[i + v];
    }
    in.store(y + i);
  }
};

struct Shape3 {
  int64_t samples, rows, channels;
};
const Shape3 kShapes[] = {{1, 1, 1},     {1, 1, 4},      {3, 7, 8},    {2, 1000, 12},
                          {1, 5000, 4},  {40, 3, 256},   {2, 33, 260}, {1, 2, 4096},
                          {5, 9, 7},     {1, 300, 1030}, {0, 4, 4},    {600, 49, 128},
                          {2, 5000, 128}};

Tensor ramp_of(int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 1013));
  return Tensor::from({count}, values);
}

}  // namespace

TEST_CASE("slab maps: every element is mapped once, with the coefficient of its channel") {
  for (const auto& [samples, rows, channels] : kShapes) {
    const int64_t count = samples * rows * channels;
    const Tensor x = ramp_of(count), coefficients = ramp_of(samples * channels),
                 y = Tensor::zeros({count}, DType::kF32);
    std::vector<int> visits(static_cast<size_t>(count));
    const AddCoefficient map{x.data<float>(), coefficients.data<float>(), y.data<float>(),
                             visits.data(), channels};
    map_slab_blocks(cpu_context(), samples, rows, channels, map);
    int64_t wrong = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t n = i / (rows * channels), c = i % channels;
      wrong +=
          visits[static_cast<size_t>(i)] != 1 ||
          y.data<float>()[i] != x.data<float>()[i] + coefficients.data<float>()[n * channels + c];
    }
    CHECK_MESSAGE(wrong == 0, samples, " x ", rows, " x ", channels);
  }
}

TEST_CASE("slab maps: on the CPU the loop over rows gives the same") {
  for (const auto& [samples, rows, channels] : kShapes) {
    const int64_t count = samples * rows * channels;
    const Tensor x = ramp_of(count), coefficients = ramp_of(samples * channels),
                 y = Tensor::zeros({count}, DType::kF32), expected = y.empty_like();
    std::vector<int> visits(static_cast<size_t>(count));
    const auto map = [&](const Tensor& to) {
      return AddCoefficient{x.data<float>(), coefficients.data<float>(), to.data<float>(),
                            visits.data(), channels};
    };
    map_slab_blocks(cpu_context(), samples, rows, channels, map(expected));
    map_slabs(cpu_context(), samples, rows, channels, map(y));
    CHECK(y.to_vector<float>() == expected.to_vector<float>());
  }
}

TEST_CASE(
    "slab cut: sums are a sixteenth of what they read, and of few rows only where there are few") {
  for (const int64_t channels : {64, 256, 1024, 2048}) {
    for (const int64_t rows : {950, 15200, 60800}) {
      const auto cut = SlabCut::for_sums(8, rows, channels, 8, 2 * sizeof(float), 2);
      CHECK(cut.num_slabs * 2 * static_cast<int64_t>(sizeof(float)) * 16 <=
            (rows + cut.slab_rows) * 2);
      // The SMs of a large GPU, unless a thread would have few rows.
      CHECK((cut.blocks() >= 120 || cut.slab_rows == 8 * cut.row_threads));
    }
  }
}
