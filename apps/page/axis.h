// Axes with round ticks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace denovo::page {

struct Tick {
  double value = 0;
  std::string label;
};

struct Axis {
  std::string title;  // with its unit
  double low = 0, high = 1;
  std::vector<Tick> ticks = {};
  bool logarithmic = false;

  /// 0 at low, 1 at high.
  double place(double value) const;
};

enum class Fit {
  kExact,    // low and high as they are, ticks between them
  kOutward,  // widened to the next ticks
};

/// Ticks at multiples of 1, 2 or 5 times a power of ten, as many as fit into `most` but at least
/// two where low < high; labels have the digits of the step.
Axis linear_axis(std::string title, double low, double high, int most, Fit fit);

/// A logarithmic axis with a tick at each of the values (positive, ascending), with room around.
Axis log_axis(std::string title, const std::vector<int64_t>& values);

/// An axis of rows, the first on top: row i stands at i + 0.5.
Axis row_axis(const std::vector<std::string>& labels);

}  // namespace denovo::page
