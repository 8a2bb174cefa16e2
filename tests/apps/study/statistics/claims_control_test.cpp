// A study of studies: what the verdicts do when the truth is known.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "apps/study/statistics/claims.h"
#include "tests/apps/study/statistics/study_grid.h"

using namespace denovo;
using namespace denovo::study;
using testing::Truth;

namespace {

constexpr int kStudies = 2000;

/// In percent of the studies; of the largest size.
struct Rates {
  double covered = 0, too_high = 0, too_low = 0;  // the interval contains, lies above, below truth
  double supported = 0, contradicted = 0;
};

struct Scenario {
  const char* name;
  Truth truth;
  double margin = 1, noise = 0.5;
};

/// What the six claims estimate in truth.
std::vector<double> estimands(const Design& design, const Truth& truth) {
  const auto noiseless = testing::simulate(design, truth, 0, 0);
  std::vector<double> result;
  for (const Claim& claim : judge(design, noiseless).front().claims)
    result.push_back(claim.estimate);
  return result;
}

std::vector<Rates> rates_of(const Scenario& scenario, int num_seeds, int studies = kStudies) {
  Design design = testing::small_design(num_seeds);
  design.margin = scenario.margin;
  const std::vector<double> truth = estimands(design, scenario.truth);
  std::vector<Rates> rates(truth.size());
  const double share = 100.0 / studies;
  for (int i = 0; i < studies; ++i) {
    const auto runs = testing::simulate(design, scenario.truth, scenario.noise, i);
    const ArmClaims judged = judge(design, runs).front();
    for (size_t k = 0; k < truth.size(); ++k) {
      const Claim& claim = judged.claims[k];
      const Side side = side_of(claim.by_size.back().interval.value(), truth[k]);
      rates[k].covered += share * (side == Side::kAcross);
      rates[k].too_high += share * (side == Side::kAbove);
      rates[k].too_low += share * (side == Side::kBelow);
      rates[k].supported += share * (claim.verdict == Verdict::kSupported);
      rates[k].contradicted += share * (claim.verdict == Verdict::kContradicted);
    }
  }
  return rates;
}

/// 2.5 % and three standard errors of a share that was counted in kStudies studies.
const double kMostFalse = 2.5 + 3 * 100 * std::sqrt(0.025 * 0.975 / kStudies);

}  // namespace

TEST_CASE("controls: intervals cover the truth in 94 to 96 % of studies") {
  const Scenario scenarios[] = {
      {"equal arms", {}},
      {"everything differs",
       {.behind_shortest = 4,
        .behind_early = 3,
        .final_difference = -2,
        .overfitting_difference = 1.5,
        .localisation_difference = 0.7}},
      {"scratch is ahead", {.behind_shortest = -3, .final_difference = 2}, 0.5, 1}};
  for (const Scenario& scenario : scenarios)
    for (const int num_seeds : {3, 5}) {
      // Five times as many: with 2,000 the rate itself would be uncertain by half a percent.
      const std::vector<Rates> rates = rates_of(scenario, num_seeds, 5 * kStudies);
      for (size_t k = 0; k < rates.size(); ++k) {
        CAPTURE(scenario.name);
        CAPTURE(num_seeds);
        CAPTURE(kRules[k].id);
        CHECK(rates[k].covered > 94);
        // Claim 2 errs to the safe side: its lower bound is the smaller of two (parity.h).
        CHECK(rates[k].covered < (kRules[k].id == 2 ? 97 : 96));
        CHECK(rates[k].too_high < kMostFalse);
        CHECK(rates[k].too_low < kMostFalse);
      }
    }
}

TEST_CASE(
    "controls: of equal arms only claims 1, 3 and 5 are supported more often than by chance") {
  // Claim 5 is true of equal arms, as 1 and 3 are: its gap lies within the margin.
  const Scenario scenarios[] = {
      {"curves that rise", {}},
      {"no margin", {}, 0},
      {"much noise", {}, 1, 2},
      {"curves that are flat", {.pretrained_shortest = 38}},
      // Half of all pairs are censored.
      {"curves that are flat, no margin", {.pretrained_shortest = 38}, 0}};
  for (const Scenario& scenario : scenarios)
    for (const int num_seeds : {3, 5}) {
      const std::vector<Rates> rates = rates_of(scenario, num_seeds);
      for (size_t k = 0; k < rates.size(); ++k) {
        CAPTURE(scenario.name);
        CAPTURE(num_seeds);
        CAPTURE(kRules[k].id);
        const bool is_true =
            kRules[k].id == 1 || (scenario.margin > 0 && (kRules[k].id == 3 || kRules[k].id == 5));
        if (!is_true) CHECK(rates[k].supported < kMostFalse);
        CHECK(rates[k].contradicted < kMostFalse);
      }
    }
}

TEST_CASE(
    "controls: at its threshold no claim is decided falsely in more than 2.5 % on each side") {
  const Scenario thresholds = {"thresholds", {.final_difference = -1, .overfitting_difference = 1}};
  const Scenario share = {"share", {.final_difference = -3.8}};
  for (const int num_seeds : {3, 5}) {
    const std::vector<Rates> rates = rates_of(thresholds, num_seeds);
    for (size_t k = 0; k < rates.size(); ++k) {
      CAPTURE(num_seeds);
      CAPTURE(kRules[k].id);
      if (kRules[k].id == 1) continue;
      CHECK(rates[k].supported < kMostFalse);
      CHECK(rates[k].contradicted < kMostFalse);
    }
    const Rates first = rates_of(share, num_seeds).front();
    CHECK(first.supported < kMostFalse);
    CHECK(first.contradicted < kMostFalse);
  }
}

TEST_CASE("controls: the search of claim 5 over sizes finds no counterexample by chance") {
  // The gap is at the margin at four sizes, at all of which scratch ends no worse.
  for (const int num_seeds : {3, 5}) {
    Design design = testing::small_design(num_seeds);
    design.sizes = {250, 500, 1000, 2000};
    const Truth truth{.final_difference = 5, .overfitting_difference = 1};
    int contradicted = 0;
    for (int i = 0; i < kStudies; ++i)
      contradicted +=
          judge(design, testing::simulate(design, truth, 0.5, i)).front().claim(5).verdict ==
          Verdict::kContradicted;
    CHECK(100.0 * contradicted / kStudies < kMostFalse);
    CHECK(contradicted > 0);
  }
}

TEST_CASE("controls: effects that are large are found") {
  const Scenario paper = {"paper",
                          {.behind_shortest = 6,
                           .behind_early = 8,
                           .final_difference = 1,
                           .overfitting_difference = -2,
                           .localisation_difference = 3}};
  const Scenario opposite = {"opposite",
                             {.behind_shortest = -6,
                              .behind_early = -8,
                              .final_difference = -9,
                              .localisation_difference = -3}};
  const std::vector<Rates> found = rates_of(paper, 5), against = rates_of(opposite, 5);
  for (const Rule& rule : kRules) {
    CAPTURE(rule.id);
    CHECK(found[rule.id - 1].supported > 95);
    if (rule.id != 5) CHECK(against[rule.id - 1].contradicted > 95);
  }
}
