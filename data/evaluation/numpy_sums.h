// Two of numpy's computations to the last bit, because published AP values are made with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace denovo::data {

/// numpy.linspace(start, stop, num), num >= 2: start + i * step with the end replaced by stop.
std::vector<double> numpy_linspace(double start, double stop, int num);

/// numpy.sum of contiguous doubles: pairwise, halving down to blocks of 128, eight accumulators in
/// a block. 0 for no values.
double numpy_sum(std::span<const double> values);

/// numpy.mean of contiguous doubles; -1 for no values (what COCO prints where nothing is defined).
double numpy_mean(std::span<const double> values);

}  // namespace denovo::data
