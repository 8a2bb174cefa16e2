#include "apps/study/statistics/pair.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/apps/study/statistics/study_grid.h"

using namespace denovo;
using namespace denovo::study;

namespace {

/// AP 10 at 600 iterations, 14 at 1000, 30 at the end.
std::vector<Measurement> with_curves(const Design& design) {
  return testing::fill_grid(design, [](Measurement& run) {
    run.final = {30, 50, 25};
    run.train_ap = 36;
    run.curve = {{600, 10}, {1000, 14}, {run.schedule, 30}};
  });
}

}  // namespace

TEST_CASE("Pair: early AP lies on the line between the neighbouring points of the longest run") {
  Design design = testing::small_design(1);  // the longest schedule has 4000 iterations
  const std::vector<Measurement> runs = with_curves(design);
  const auto early = [&](double fraction) {
    design.early_fraction = fraction;
    const Runs found(design, runs);
    return Pair(found, "pretrained", 500, 1).early(Role::kOther);
  };
  CHECK(early(0.2) == doctest::Approx(12));
  CHECK(early(0.15) == 10);
  CHECK(early(0.25) == 14);
  CHECK(early(0.175) == doctest::Approx(11));
  CHECK(early(1) == 30);
  CHECK(std::isnan(early(0.1)));  // before the first point nothing was measured
}

TEST_CASE("Pair: what is not there makes it missing and is named") {
  const Design design = testing::small_design(2);
  std::vector<Measurement> runs = with_curves(design);
  std::erase_if(runs, [](const Measurement& run) {
    return run.arm == "scratch" && run.schedule == 2000 && run.seed == 1;
  });
  for (Measurement& run : runs) {
    if (run.seed == 2 && run.schedule == 1000) run.finished = false;
    if (run.seed == 2 && run.schedule == 2000)
      run.final.ap = std::numeric_limits<double>::quiet_NaN();
    if (run.seed == 2 && run.schedule == 4000) run.curve.front().iteration = 900;
  }
  const Runs found(design, runs);
  const auto why = [&](int64_t seed, int64_t schedule) {
    Pair pair(found, "pretrained", 2000, seed);
    CHECK(std::isnan(pair.end(Role::kReference, &Scores::ap, schedule)));
    return pair.why_missing();
  };
  CHECK(why(1, 2000) == "scratch-2000-2000-s1 is missing");
  CHECK(why(2, 1000) == "scratch-2000-1000-s2 did not finish");
  CHECK(why(2, 2000) == "scratch-2000-2000-s2 has no AP");
  Pair late(found, "pretrained", 2000, 2);
  CHECK(std::isnan(late.early(Role::kOther)));
  CHECK(late.why_missing() == "pretrained-2000-4000-s2 has no AP before and after 800 iterations");
  CHECK(late.overfitting(Role::kOther) == 6);
  Pair whole(found, "pretrained", 2000, 1);
  CHECK(whole.end(Role::kReference, &Scores::ap75, 4000) == 25);
  CHECK(whole.why_missing().empty());
}

TEST_CASE("Runs: a run that is measured twice is refused, and a grid without sizes") {
  Design design = testing::small_design(1);
  std::vector<Measurement> runs = with_curves(design);
  runs.push_back(runs.front());
  CHECK_THROWS_WITH_AS(Runs(design, runs),
                       "study: a run is measured once, got scratch-500-1000-s1 twice", ConfigError);
  design.sizes.clear();
  CHECK_THROWS_AS(Runs(design, runs), ConfigError);
}
