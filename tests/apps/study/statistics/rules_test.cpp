#include "apps/study/statistics/rules.h"

#include <doctest/doctest.h>

using namespace denovo::study;

TEST_CASE("kRules: thresholds are numbers or margins, in the order of the claims") {
  const double expected[] = {0.9, 1, -1.5, 0, 1.5, 0};
  for (size_t i = 0; i < kRules.size(); ++i) {
    CHECK(kRules[i].id == static_cast<int>(i) + 1);
    CHECK(kRules[i].threshold(1.5) == doctest::Approx(expected[i]));
  }
}

TEST_CASE("rule_text: says the rule with its numbers") {
  CHECK(rule_text(kRules[0], 1) ==
        "S / P, final, largest size: supported when the lower bound is at least 0.9 and the "
        "configurations are equal but for "
        "model.init, contradicted when the upper bound is below it");
  CHECK(rule_text(kRules[1], 1) ==
        "iterations(S) / iterations(P) to reach P's AP at the shortest schedule less the margin, "
        "largest size: supported when the lower bound is above 1, contradicted when the upper "
        "bound is below it");
  CHECK(rule_text(kRules[2], 0.5) ==
        "S - P, final, by size: supported when the lower bound is above -0.5 (minus the margin), "
        "contradicted when the "
        "upper bound is below it");
  CHECK(rule_text(kRules[4], 1) ==
        "gap(S) - gap(P), gap = train AP - validation AP, final, by size: supported when the upper "
        "bound is below 1 (the margin), contradicted when the lower bound "
        "is above it at a size where claim 3 is supported (by bounds that hold for all sizes "
        "together)");
}

TEST_CASE("verdict_of: only the whole interval on one side decides") {
  const auto verdict = [](double low, double high, Side supports, bool touching = false) {
    return verdict_of(Interval{low, high}, 0.5, supports, touching);
  };
  CHECK(verdict(0.6, 2, Side::kAbove) == Verdict::kSupported);
  CHECK(verdict(0.6, 2, Side::kBelow) == Verdict::kContradicted);
  CHECK(verdict(-1, 0.4, Side::kAbove) == Verdict::kContradicted);
  CHECK(verdict(-1, 0.4, Side::kBelow) == Verdict::kSupported);
  CHECK(verdict(0.4, 2, Side::kAbove) == Verdict::kInconclusive);
  CHECK(verdict(0.5, 2, Side::kAbove) == Verdict::kInconclusive);
  CHECK(verdict(0.5, 2, Side::kAbove, true) == Verdict::kSupported);
  CHECK(verdict(0.1, 0.5, Side::kAbove, true) == Verdict::kInconclusive);
  CHECK(verdict_of(std::nullopt, 0.5, Side::kAbove, true) == Verdict::kInconclusive);
}
