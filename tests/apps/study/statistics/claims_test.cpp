#include "apps/study/statistics/claims.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/apps/study/statistics/study_grid.h"

using namespace denovo;
using namespace denovo::study;
using testing::fill_grid;
using testing::small_design;

namespace {

// Three differences with the interval -0.429 to 3.096 about the mean 1.333.
constexpr double kSpread[] = {1.2, 2.1, 0.7};
constexpr double kLow = -0.42906273056373645, kHigh = 3.0957293972304027;

/// AP 40 for P everywhere; `fill` changes the runs of S, and gets kSpread of the run's seed.
template <typename Fill>
ArmClaims judged(const Design& design, const Fill& fill) {
  const auto runs = fill_grid(design, [&](Measurement& run) {
    run.final = {40, 60, 45};
    run.train_ap = 45;
    run.curve = {{600, 10}, {1000, 10}, {run.schedule, 40}};
    if (run.arm == design.reference) fill(run, kSpread[(run.seed - 1) % 3]);
  });
  return judge(design, runs).front();
}

bool near(double a, double b) {
  return std::abs(a - b) < 1e-9;
}

}  // namespace

TEST_CASE("claim 1: the share of the pre-trained AP is compared with 0.9") {
  const auto verdict = [](double share_of_40, bool only_init_differs = true) {
    Design design = small_design(3);
    design.only_init_differs = only_init_differs;
    return judged(design, [&](Measurement& run,
                              double spread) { run.final.ap = 40 * share_of_40 + 0.1 * spread; })
        .claim(1);
  };
  CHECK(verdict(0.95).verdict == Verdict::kSupported);
  CHECK(verdict(0.95).estimate == doctest::Approx(0.95 + 0.1 * 4 / 3 / 40));
  CHECK(verdict(0.85).verdict == Verdict::kContradicted);
  CHECK(verdict(0.898).verdict == Verdict::kInconclusive);
  const Claim differs = verdict(0.95, false);
  CHECK(differs.verdict == Verdict::kInconclusive);
  CHECK(differs.why ==
        "the interval 0.9489 to 0.9577 lies above the threshold 0.9000, but the configurations "
        "differ "
        "in more than model.init");
  CHECK(verdict(0.85, false).verdict == Verdict::kContradicted);
}

TEST_CASE("claim 1: a pair whose pre-trained AP is 0 is left out and named") {
  const Design design = small_design(4);
  auto runs = fill_grid(design, [](Measurement& run) {
    run.final.ap = run.arm == "scratch" ? 39 + 0.1 * run.seed : (run.seed == 2 ? 0 : 40);
  });
  const Claim claim = judge(design, runs).front().claim(1);
  CHECK(claim.n == 3);
  CHECK(claim.verdict == Verdict::kSupported);
  CHECK(claim.why.ends_with(
      "; left out: pretrained-2000-4000-s2 has AP 0, of which nothing is a share"));
}

TEST_CASE("claim 2: the ratio of iterations is compared with 1") {
  const auto claim = [](double at_shortest, double at_longest, int64_t schedules = 3) {
    Design design = small_design(3);
    design.schedules.resize(schedules);
    return judged(design,
                  [&](Measurement& run, double spread) {
                    run.final.ap = (run.schedule == 1000 ? at_shortest : at_longest) + spread;
                  })
        .claim(2);
  };
  const Claim more = claim(30, 45);
  CHECK(more.verdict == Verdict::kSupported);
  CHECK(more.estimate > 1.5);
  CHECK(more.estimate < 2);
  CHECK(claim(44, 45).verdict == Verdict::kContradicted);
  CHECK(claim(38.7, 45).verdict == Verdict::kInconclusive);
  const Claim never = claim(20, 25);
  CHECK(never.verdict == Verdict::kSupported);
  CHECK(std::isinf(never.interval->high));
  CHECK(never.why ==
        "the interval 4.10 upwards lies above the threshold 1.00; 3 of 3 seeds never got there, so "
        "that only its lower bound counts");
  const Claim single = claim(30, 45, 1);
  CHECK(single.verdict == Verdict::kInconclusive);
  CHECK(single.why == "one schedule has no other end to interpolate to");
}

TEST_CASE("claim 2: a target of nothing leaves the pair out") {
  Design design = small_design(3);
  design.margin = 40;
  const Claim claim = judged(design, [](Measurement& run, double) { run.final.ap = 30; }).claim(2);
  CHECK(claim.n == 0);
  CHECK(
      claim.why.starts_with("needs three seeds, but no pair of runs is complete; left out: "
                            "pretrained-2000-1000-s1 has no AP above the margin"));
}

TEST_CASE("claim 3: the final difference is compared with minus the margin, size by size") {
  const auto claims = [](double at_500, double at_2000) {
    return judged(small_design(3), [&](Measurement& run, double spread) {
      run.final.ap = 40 + (run.images == 500 ? at_500 : at_2000) + spread;
    });
  };
  const ArmClaims broken = claims(-9, 0);
  const Claim& claim = broken.claim(3);
  CHECK(claim.verdict == Verdict::kSupported);
  CHECK(claim.images == 2000);
  CHECK(claim.n == 3);
  CHECK(near(claim.estimate, 4. / 3));
  CHECK(near(claim.interval->low, kLow));
  CHECK(near(claim.interval->high, kHigh));
  CHECK(claim.why == "the interval -0.4 to 3.1 lies above the threshold -1.0");
  REQUIRE(claim.by_size.size() == 2);
  CHECK(claim.by_size[0].verdict == Verdict::kContradicted);
  CHECK(near(claim.by_size[0].estimate, -9 + 4. / 3));
  CHECK(broken.breakdown.worse_at == 500);
  CHECK(broken.breakdown.no_worse_at == 2000);

  CHECK(claims(0, -9).claim(3).verdict == Verdict::kContradicted);
  const ArmClaims upside_down = claims(0, -9);
  CHECK(upside_down.breakdown.worse_at == 2000);
  CHECK_FALSE(upside_down.breakdown.no_worse_at);

  const Claim open = claims(0, -1.2).claim(3);
  CHECK(open.verdict == Verdict::kInconclusive);
  CHECK(open.why == "the interval -1.6 to 1.9 contains the threshold -1.0");
  CHECK_FALSE(claims(-1.2, -1.2).breakdown.worse_at);
}

TEST_CASE("claim 4: the early lead of P is compared with 0") {
  const auto claim = [](double lead, double weight = 1) {
    return judged(small_design(3),
                  [&](Measurement& run, double spread) {
                    run.curve[0].ap = run.curve[1].ap = 10 - lead - weight * spread;
                  })
        .claim(4);
  };
  CHECK(claim(1).verdict == Verdict::kSupported);
  CHECK(near(claim(1).interval->low, 1 + kLow));
  CHECK(claim(0).verdict == Verdict::kInconclusive);
  CHECK(claim(-4).verdict == Verdict::kContradicted);
  const Claim same = claim(5, 0);
  CHECK(same.verdict == Verdict::kInconclusive);
  CHECK(same.why == "all 3 seeds give the same, and seeds that do not differ have no interval");
}

TEST_CASE("claim 5: the difference of the gaps is compared with the margin") {
  const auto claim = [](double gap_500, double gap_2000, double final_2000 = 40) {
    return judged(small_design(3),
                  [&](Measurement& run, double spread) {
                    // S ends no worse at 500 images, and at 2000 unless told otherwise.
                    run.final.ap =
                        run.images == 500 ? 40 + 0.01 * spread : final_2000 + 0.01 * spread;
                    run.train_ap =
                        run.final.ap + 5 + (run.images == 500 ? gap_500 : gap_2000) + 0.1 * spread;
                  })
        .claim(5);
  };
  CHECK(claim(0, 0).verdict == Verdict::kSupported);
  CHECK(claim(0, 0).why == "the interval -0.04 to 0.31 lies below the threshold 1.00");
  CHECK(claim(0, 0.9).verdict == Verdict::kInconclusive);

  const Claim wider = claim(0, 3);
  CHECK(wider.verdict == Verdict::kContradicted);
  CHECK(wider.images == 2000);
  // Two sizes were searched: the interval is that of 97.5 %.
  CHECK(wider.interval->high - wider.interval->low ==
        doctest::Approx(0.1 * (kHigh - kLow) * t_quantile(0.9875, 2) / t_quantile(0.975, 2)));

  const Claim at_small = claim(3, 0);
  CHECK(at_small.verdict == Verdict::kContradicted);
  CHECK(at_small.images == 500);
  CHECK(at_small.why ==
        "the interval 2.88 to 3.39 lies above the threshold 1.00 at 500 images, where scratch ends "
        "no "
        "worse (97.5 % interval, as 2 sizes were searched)");

  const Claim worse_there = claim(0, 3, 20);
  CHECK(worse_there.verdict == Verdict::kInconclusive);
  CHECK(worse_there.why.ends_with(", but there scratch is not known to end no worse (claim 3)"));
}

TEST_CASE("claim 5: sizes where the gap narrows but scratch ends worse are listed") {
  const Claim claim = judged(small_design(3), [](Measurement& run, double spread) {
                        run.final.ap = (run.images == 500 ? 20 : 40) + 0.01 * spread;
                        run.train_ap =
                            run.final.ap + 5 + (run.images == 500 ? 8 : 0) + 0.1 * spread;
                      }).claim(5);
  CHECK(claim.verdict == Verdict::kSupported);
  CHECK(claim.why.ends_with("; pre-training narrows the gap at 500 images"));
}

TEST_CASE("claim 6: AP75 less AP50 is compared with 0") {
  const auto claim = [](double at_75) {
    return judged(small_design(3),
                  [&](Measurement& run, double spread) {
                    run.final.ap75 = 45 + at_75 + spread;
                    run.final.ap50 = 60 + 0.5;
                  })
        .claim(6);
  };
  CHECK(near(claim(3).estimate, 3 + 4. / 3 - 0.5));
  CHECK(claim(3).verdict == Verdict::kSupported);
  CHECK(claim(0).verdict == Verdict::kInconclusive);
  CHECK(claim(-3).verdict == Verdict::kContradicted);
}

TEST_CASE("claim 6 of keypoints: their AP less the boxes' AP50 is compared with 0") {
  const auto arm = [](double of_keypoints) {
    auto runs = fill_grid(small_design(3), [&](Measurement& run) {
      run.final = {40, 60, 45};
      run.keypoint_ap = 50;
      if (run.arm != "scratch") return;
      run.final.ap50 = 58;
      run.keypoint_ap = 50 + of_keypoints + kSpread[(run.seed - 1) % 3];
    });
    if (std::isnan(of_keypoints))
      for (Measurement& run : runs) run.keypoint_ap = of_keypoints;
    return judge(small_design(3), runs).front();
  };
  CHECK(near(arm(1).keypoints->estimate, 1 + 4. / 3 + 2));
  CHECK(arm(1).keypoints->id == 6);
  CHECK(arm(1).keypoints->verdict == Verdict::kSupported);
  CHECK(arm(-3).keypoints->verdict == Verdict::kInconclusive);
  CHECK(arm(-7).keypoints->verdict == Verdict::kContradicted);
  CHECK(!arm(NAN).keypoints);
}

TEST_CASE("judge: a size without the longest schedules is judged by what it has") {
  Design design = small_design(3);
  design.longest_by_size = {{500, 1000}};
  const ArmClaims arm = judged(design, [](Measurement& run, double spread) {
    run.final.ap = (run.images == 500 ? 30 : 40) + spread;
    run.curve = {{200, 5}, {800, 10}, {run.schedule, 40}};
  });
  const Claim& claim = arm.claim(3);
  CHECK(claim.by_size[0].n == 3);
  CHECK(near(claim.by_size[0].estimate, -10 + 4. / 3));
  CHECK(near(claim.by_size[1].estimate, 4. / 3));
  CHECK(claim.by_size[0].verdict == Verdict::kContradicted);

  CHECK(arm.claim(4).by_size[1].n == 3);
  CHECK(arm.worth.size() == 1 + 3);
  CHECK(arm.parity.size() == 2);
}

TEST_CASE("judge: pairs that are not whole are named, and two of them decide nothing") {
  const Design design = small_design(3);
  auto runs = fill_grid(design, [](Measurement& run) { run.final.ap = 40 + run.seed; });
  for (Measurement& run : runs) {
    if (run.arm == "scratch" && run.schedule == 4000 && run.seed == 2) run.finished = false;
    if (run.arm == "scratch" && run.seed != 2) run.final.ap += 20;
  }
  const Claim claim = judge(design, runs).front().claim(3);
  CHECK(claim.n == 2);
  CHECK(near(claim.estimate, 20));
  CHECK_FALSE(claim.interval);
  CHECK(claim.verdict == Verdict::kInconclusive);
  CHECK(claim.why ==
        "needs three seeds, but only two pairs of runs are complete; left out: "
        "scratch-2000-4000-s2 did not finish");
  const Claim nothing = judge(design, {}).front().claim(4);
  CHECK(nothing.n == 0);
  CHECK(std::isnan(nothing.estimate));
  CHECK(nothing.verdict == Verdict::kInconclusive);
}

TEST_CASE("judge: arms are judged each against the reference, one size is the largest") {
  Design design = small_design(3);
  design.others = {"good", "bad"};
  design.sizes = {2000};
  const auto runs = fill_grid(design, [](Measurement& run) {
    const double arm = run.arm == "good" ? 10 : (run.arm == "bad" ? -10 : 0);
    run.final.ap = 40 + arm + (run.arm == "scratch" ? kSpread[run.seed - 1] : 0);
  });
  const std::vector<ArmClaims> judged = judge(design, runs);
  REQUIRE(judged.size() == 2);
  CHECK(judged[0].claim(3).arm == "good");
  CHECK(judged[0].claim(3).verdict == Verdict::kContradicted);
  CHECK(judged[1].claim(3).verdict == Verdict::kSupported);
  CHECK(judged[1].breakdown.no_worse_at == 2000);
  CHECK(judged[1].worth.size() == 3);
  CHECK(near(judged[1].worth[0].estimate, -10 - 4. / 3));
}

TEST_CASE("judge: parity tells the iterations by size, and where they are a lower bound") {
  const ArmClaims claims = judged(small_design(3), [](Measurement& run, double spread) {
    run.final.ap = (run.images == 500 ? 20 : (run.schedule == 1000 ? 38 : 42)) + 0.01 * spread;
  });
  REQUIRE(claims.parity.size() == 2);
  CHECK(claims.parity[0].at_least);
  CHECK(claims.parity[0].iterations == doctest::Approx(4000));
  CHECK_FALSE(claims.parity[1].at_least);
  CHECK(claims.parity[1].iterations == doctest::Approx(1250).epsilon(0.01));
}
