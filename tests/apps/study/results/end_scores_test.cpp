#include "apps/study/results/end_scores.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/apps/study/page/report_case.h"

using namespace denovo;
using namespace denovo::study;

TEST_CASE("end_scores: mean, lowest and highest of the finished seeds") {
  StudyReport report = testing::report_case(testing::small_design(3));
  const double aps[] = {10, 40, 70};
  int i = 0;
  for (RunResult& result : report.runs)
    if (result.run.arm == "scratch" && result.run.images == 500 && result.run.schedule == 1000)
      result.curve.back().bbox.ap = aps[i++];
  const auto first = [&] { return end_scores(report.design, report.runs, true).front(); };
  CHECK(first().mean == doctest::Approx(40));
  CHECK(first().low == 10);
  CHECK(first().high == 70);
  CHECK(first().n == 3);
  report.runs.front().state = JobState::kFailed;
  CHECK(first().n == 2);
  CHECK(first().low == 40);
  for (RunResult& result : report.runs) result.state = JobState::kPending;
  CHECK(first().n == 0);
  CHECK(std::isnan(first().mean));
}

TEST_CASE("end_differences: reference less arm, of pairs, in all three scores") {
  StudyReport report = testing::report_case(testing::small_design(3));
  for (RunResult& result : report.runs) {
    const auto seed = static_cast<double>(result.run.seed);
    const bool scratch = result.run.arm == "scratch";
    result.curve.back().bbox = {scratch ? 30 + seed : 32, scratch ? 50 + seed : 53,
                                scratch ? 20 + seed : 24};
  }
  const EndDifference all = end_differences(report.design, report.runs, true).front();
  CHECK(all.n == 3);
  CHECK(all.ap.mean == doctest::Approx(0));
  CHECK(all.ap50.mean == doctest::Approx(-1));
  CHECK(all.ap75.mean == doctest::Approx(-2));
  // t(2) / sqrt(3) at 97.5 %.
  CHECK(all.ap75.interval->high - all.ap75.mean == doctest::Approx(2.4841).epsilon(1e-4));
  report.runs.front().state = JobState::kFailed;  // of seed 1
  const EndDifference two = end_differences(report.design, report.runs, true).front();
  CHECK(two.n == 2);
  CHECK(two.ap.mean == doctest::Approx(0.5));
  CHECK_FALSE(two.ap.interval);
}

TEST_CASE("parity_costs: pixels count the pre-training, by what a step of each arm looks at") {
  StudyReport report = testing::report_case(testing::small_design(3));
  for (RunResult& result : report.runs)
    result.pixels_seen = result.iteration * (result.run.arm == "scratch" ? 100 : 50);
  const ArmClaims arm = judge(report.design, measurements_of(report.runs, true)).front();
  const auto costs = parity_costs(report.design, report.runs, arm, 1000);
  REQUIRE(costs.size() == 2);
  const ParityCost& cost = costs.back();
  CHECK(cost.images == 2000);
  CHECK(cost.iterations == arm.parity.back().iterations);
  CHECK(cost.iterations_ratio == arm.claim(2).estimate);
  const double other = cost.iterations / cost.iterations_ratio;
  CHECK(cost.pixels_ratio == doctest::Approx(100 * cost.iterations / (50 * other + 1000)));
}
