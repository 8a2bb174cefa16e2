// Mean and spread of a set of numbers in a form that can be merged: statistics of slabs, samples
// and ranks are computed apart and joined in a fixed order, without the cancellation of
// E[x^2] - E[x]^2.
#pragma once

#include "core/kernels/host_device.h"

namespace denovo {

struct Moments {
  double count = 0;
  double mean = 0;  // 0 when count is 0
  double m2 = 0;    // sum of squared deviations from mean

  /// From the count, sum and sum of squares of x - shift; exact enough when shift lies within the
  /// spread of the values.
  DENOVO_HD static Moments from_shifted_sums(double count, double shift, double sum,
                                             double sum_of_squares) {
    if (count == 0) return {};
    const double offset = sum / count, m2 = sum_of_squares - sum * offset;
    return {count, shift + offset, m2 < 0 ? 0 : m2};  // this order keeps NaN
  }

  /// Joins another set (Chan, Golub and LeVeque, 1979).
  DENOVO_HD void merge(const Moments& other) {
    if (other.count == 0) return;
    const double total = count + other.count, delta = other.mean - mean;
    mean += delta * (other.count / total);
    m2 += other.m2 + delta * delta * (count * other.count / total);
    count = total;
  }

  DENOVO_HD double variance() const { return count == 0 ? 0 : m2 / count; }
};

}  // namespace denovo
