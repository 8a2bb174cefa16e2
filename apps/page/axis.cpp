#include "apps/page/axis.h"

#include <algorithm>
#include <cmath>

#include "apps/page/html_writer.h"
#include "apps/study/statistics/wording.h"

namespace denovo::page {
namespace {

/// The smallest round step that cuts `range` into fewer than `most` pieces.
double round_step(double range, int most) {
  const double rough = range / std::max(most - 1, 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double digit : {1.0, 2.0, 5.0})
    // A range of exactly most - 1 steps must not be lost to rounding.
    if (digit * power >= rough * (1 - 1e-9)) return digit * power;
  return 10 * power;
}

}  // namespace

double Axis::place(double value) const {
  if (logarithmic) return (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
  return (value - low) / (high - low);
}

Axis linear_axis(std::string title, double low, double high, int most, Fit fit) {
  if (!(high > low)) {  // one value, or none
    low = std::isfinite(low) ? low - 1 : 0;
    high = low + 2;
  }
  const double step = round_step(high - low, most);
  const double slack = step * 1e-9;
  Axis axis{.title = std::move(title), .low = low, .high = high};
  auto first = static_cast<int64_t>(std::ceil((low - slack) / step));
  auto last = static_cast<int64_t>(std::floor((high + slack) / step));
  if (fit == Fit::kOutward) {
    first = static_cast<int64_t>(std::floor((low + slack) / step));
    last = static_cast<int64_t>(std::ceil((high - slack) / step));
    axis.low = static_cast<double>(first) * step;
    axis.high = static_cast<double>(last) * step;
  }
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  for (int64_t i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    axis.ticks.push_back({value, typeset(study::number_text(value, decimals))});
  }
  return axis;
}

Axis log_axis(std::string title, const std::vector<int64_t>& values) {
  const auto first = static_cast<double>(values.front()), last = static_cast<double>(values.back());
  const double room = std::max(std::pow(last / first, 0.12), 1.2);
  Axis axis{.title = std::move(title), .low = first / room, .high = last * room};
  axis.logarithmic = true;
  for (const int64_t value : values)
    axis.ticks.push_back({static_cast<double>(value), study::number_text(value)});
  return axis;
}

Axis row_axis(const std::vector<std::string>& labels) {
  Axis axis{.title = "", .low = static_cast<double>(labels.size()), .high = 0};
  for (size_t i = 0; i < labels.size(); ++i)
    axis.ticks.push_back({static_cast<double>(i) + 0.5, labels[i]});
  return axis;
}

}  // namespace denovo::page
