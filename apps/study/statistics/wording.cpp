#include "apps/study/statistics/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/study/statistics/claims.h"

namespace denovo::study {
namespace {

constexpr int kMostDecimals = 6;

double rounded(double value, int decimals) {
  const double unit = std::pow(10, decimals);
  return std::isfinite(value) ? std::round(value * unit) / unit : value;
}

int sign_of(double value) {
  return (value > 0) - (value < 0);
}

std::string with_commas(const std::string& digits) {
  const size_t sign = digits.starts_with('-');
  const size_t point = std::min(digits.find('.'), digits.size());
  std::string result;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && i < point && (point - i) % 3 == 0) result.push_back(',');
    result.push_back(digits[i]);
  }
  return result;
}

}  // namespace

int decimals_of(const Interval& interval, double threshold) {
  const double width = interval.high - interval.low;
  int decimals = 2;
  if (std::isfinite(width) && width > 0)
    decimals = 1 - static_cast<int>(std::floor(std::log10(width)));
  decimals = std::clamp(decimals, 1, kMostDecimals);
  const auto keeps_side = [&](double bound) {
    return sign_of(rounded(bound, decimals) - rounded(threshold, decimals)) ==
           sign_of(bound - threshold);
  };
  while (decimals < kMostDecimals && !(keeps_side(interval.low) && keeps_side(interval.high)))
    ++decimals;
  return decimals;
}

std::string number_text(double value, int decimals) {
  const double shown = rounded(value, decimals);
  return with_commas(fmt::format("{:.{}f}", shown == 0 ? 0 : shown, decimals));
}

std::string number_text(int64_t value) {
  return with_commas(fmt::format("{}", value));
}

std::string interval_text(const Interval& interval, int decimals) {
  if (std::isinf(interval.high))
    return fmt::format("{} upwards", number_text(interval.low, decimals));
  return fmt::format("{} to {}", number_text(interval.low, decimals),
                     number_text(interval.high, decimals));
}

std::string comparison_text(const Claim& claim, const SizeRow& row) {
  if (claim.n == 0) return "needs three seeds, but no pair of runs is complete";
  if (claim.n < kFewestPairs)
    return fmt::format("needs three seeds, but only {} complete",
                       claim.n == 1 ? "one pair of runs is" : "two pairs of runs are");
  if (!claim.interval)
    return fmt::format("all {} seeds give the same, and seeds that do not differ have no interval",
                       claim.n);
  const Interval& interval = *claim.interval;
  const int decimals = decimals_of(interval, claim.threshold);
  const Side side = side_of(interval, claim.threshold);
  std::string text = fmt::format(
      "the interval {} {} the threshold {}", interval_text(interval, decimals),
      side == Side::kAbove ? "lies above" : (side == Side::kBelow ? "lies below" : "contains"),
      number_text(claim.threshold, decimals));
  if (row.num_censored > 0)
    text += fmt::format("; {} of {} seeds never got there, so that only its lower bound counts",
                        row.num_censored, row.n);
  return text;
}

std::string missing_text(const std::vector<std::string>& missing) {
  return missing.empty() ? "" : fmt::format("; left out: {}", fmt::join(missing, ", "));
}

}  // namespace denovo::study
