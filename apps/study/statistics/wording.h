// Numbers and reasons of verdicts in words.
#pragma once

#include <string>
#include <vector>

#include "apps/study/statistics/interval.h"

namespace denovo::study {

struct Claim;
struct SizeRow;

/// Digits behind the point for an interval's bounds: two that count in its width, and as many as
/// keep each bound on its side of `threshold`; 1 … 6.
int decimals_of(const Interval& interval, double threshold);

/// 1234567.0 with no decimals is "1,234,567"; no "-0.0".
std::string number_text(double value, int decimals);
std::string number_text(int64_t value);

/// "-0.4 to 1.2", or "1.4 upwards" for one without upper bound.
std::string interval_text(const Interval& interval, int decimals);

/// Where the claim's interval lies to its threshold, or why it has none; `row` is of the size that
/// decided.
std::string comparison_text(const Claim& claim, const SizeRow& row);

/// "; missing: a, b", or nothing.
std::string missing_text(const std::vector<std::string>& missing);

}  // namespace denovo::study
