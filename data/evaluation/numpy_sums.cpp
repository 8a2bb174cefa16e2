#include "data/evaluation/numpy_sums.h"

namespace denovo::data {
namespace {

constexpr size_t kBlock = 128;
constexpr size_t kLanes = 8;

double pairwise_sum(const double* a, size_t n) {
  if (n < kLanes) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += a[i];
    return sum;
  }
  if (n <= kBlock) {
    double r[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) r[lane] = a[lane];
    size_t i = kLanes;
    for (; i + kLanes <= n; i += kLanes)
      for (size_t lane = 0; lane < kLanes; ++lane) r[lane] += a[i + lane];
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; ++i) sum += a[i];
    return sum;
  }
  size_t half = n / 2;
  half -= half % kLanes;
  return pairwise_sum(a, half) + pairwise_sum(a + half, n - half);
}

}  // namespace

std::vector<double> numpy_linspace(double start, double stop, int num) {
  std::vector<double> values(num);
  const double step = (stop - start) / (num - 1);
  for (int i = 0; i < num; ++i) values[i] = i * step + start;
  values.back() = stop;
  return values;
}

double numpy_sum(std::span<const double> values) {
  return pairwise_sum(values.data(), values.size());
}

double numpy_mean(std::span<const double> values) {
  if (values.empty()) return -1;
  return numpy_sum(values) / static_cast<double>(values.size());
}

}  // namespace denovo::data
