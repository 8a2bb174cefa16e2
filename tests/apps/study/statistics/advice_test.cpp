#include "apps/study/statistics/advice.h"

#include <doctest/doctest.h>

#include "apps/study/statistics/wording.h"
#include "tests/apps/study/statistics/study_grid.h"

using namespace denovo;
using namespace denovo::study;

namespace {

/// P less S at the three schedules, with 0.1, 0.2, 0.3 times `spread` on top by seed.
Advice advice(std::array<double, 3> worth, double spread = 1, int num_seeds = 3) {
  const Design design = testing::small_design(num_seeds);
  const auto runs = testing::fill_grid(design, [&](Measurement& run) {
    run.final.ap = 40;
    if (run.arm == "pretrained")
      run.final.ap += worth[run.schedule == 1000 ? 0 : (run.schedule == 2000 ? 1 : 2)] +
                      0.1 * static_cast<double>(run.seed) * spread;
  });
  return advise(design, judge(design, runs).front());
}

}  // namespace

TEST_CASE("advise: longer training makes up for pre-training") {
  const Advice from_2000 = advice({6, 0, 0});
  CHECK(from_2000.text ==
        "With 2,000 images and 1,000 iterations, pre-training is worth +6.20 AP (5.95 to 6.45). "
        "From 2,000 iterations on, up to the longest schedule of 4,000, it is worth less than 1.0 "
        "AP, the margin: train longer instead.");
  CHECK(from_2000.surer ==
        "Sizes below 500 images would say where random weights begin to end worse.");
  CHECK(advice({6, 6, 0}).text.ends_with(
      "After 4,000 iterations, the longest schedule, it is worth less than 1.0 AP, the margin: "
      "train longer instead."));
}

TEST_CASE("advise: a schedule in the middle that is no worse by chance is not where it ends") {
  CHECK(
      advice({6, 0, 6}).text.ends_with("Even after 4,000 iterations, the longest schedule, it is "
                                       "worth +6.20 AP (5.95 to 6.45), more "
                                       "than 1.0 AP, the margin: keep it, or train longer still."));
}

TEST_CASE("advise: what an interval does not exclude is open, and seeds are counted") {
  const Advice open = advice({6, 3, 0.5}, 4);
  CHECK(
      open.text.ends_with("After 4,000 iterations, the longest schedule, it is open whether it is "
                          "worth 1.0 AP, the margin: +1.3 AP (0.3 to 2.3)."));
  // Spread 0.4, 0.3 from the margin: t(8) * 0.4 / sqrt(9) = 0.307, t(9) * 0.4 / sqrt(10) = 0.286.
  CHECK(open.surer ==
        "To be surer, run about 10 seeds: if mean and spread stay as they are, they decide whether "
        "it is worth the margin in the end.");
  CHECK(advice({6, 3, 0.8}, 1).surer ==
        "More seeds will hardly make it surer: even 30 would not separate the difference from the "
        "margin, if mean and spread stay as they are.");
  CHECK(advice({0, 0, 0}, 4)
            .text.starts_with("With 2,000 images and 1,000 iterations, it is open "
                              "whether pre-training is worth anything: +0.8 AP"));
}

TEST_CASE("advise: no use at any schedule, and harm") {
  CHECK(advice({0.5, 0.3, 0.2}).text ==
        "With 2,000 images and 1,000 iterations, pre-training is worth +0.70 AP (0.45 to 0.95). "
        "That is less than 1.0 AP, the margin, as it is after every longer schedule up to 4,000 "
        "iterations: train from random weights.");
  CHECK(advice({-3, -3, -3})
            .text.starts_with("With 2,000 images and 1,000 iterations, pre-training does harm: "
                              "-2.80 AP (-3.05 to -2.55)."));
}

TEST_CASE("advise: without an interval nothing is claimed") {
  const Advice two = advice({6, 3, 0}, 1, 2);
  CHECK(two.text ==
        "With 2,000 images and 1,000 iterations, pre-training gave +6.2 AP over two seeds; an "
        "interval takes three seeds. Whether training longer takes its place cannot be said "
        "without an interval.");
  CHECK(two.surer == "To be surer, run three seeds or more: fewer have no interval.");
  const Advice same = advice({2, 2, 2}, 0);
  CHECK(same.text ==
        "With 2,000 images and 1,000 iterations, pre-training gave +2.0 AP with each of 3 seeds; "
        "seeds that do not differ have no interval. Whether training longer takes its place cannot "
        "be said without an interval.");
  CHECK(same.surer == "To be surer, find out why all seeds give the same difference.");
  CHECK(advice({0, 0, 0}, 0).surer ==
        "To be surer, find out why all seeds give the same difference: either nothing is learned "
        "yet, or the arms are the same.");
  const Design design = testing::small_design(3);
  const Advice none = advise(design, judge(design, {}).front());
  CHECK(none.text.starts_with(
      "With 2,000 images and 1,000 iterations, no pair of runs is complete yet."));
  CHECK(none.surer ==
        "To be surer, finish what is left out: pretrained-2000-1000-s1 is missing, "
        "pretrained-2000-1000-s2 is missing, pretrained-2000-1000-s3 is missing and 6 more.");
}

TEST_CASE("wording: digits are what the interval's width and the threshold ask for") {
  CHECK(decimals_of({4.2, 8.0}, 0) == 1);
  CHECK(decimals_of({0.61, 0.85}, 0) == 2);
  CHECK(decimals_of({-0.96, 3}, -1) == 2);  // "-1.0 to 3.0 lies above -1.0" would look wrong
  CHECK(number_text(1234567.25, 1) == "1,234,567.3");
  CHECK(number_text(-1234.0, 0) == "-1,234");
  CHECK(number_text(-0.01, 1) == "0.0");
  CHECK(number_text(int64_t{999}) == "999");
}
