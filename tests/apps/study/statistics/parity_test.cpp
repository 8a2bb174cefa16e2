#include "apps/study/statistics/parity.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace denovo::study;

namespace {

std::vector<ScheduleEnd> ends(double at_1000, double at_2000, double at_4000) {
  return {{1000, at_1000}, {2000, at_2000}, {4000, at_4000}};
}

ParityPair pair(std::vector<ScheduleEnd> scratch, double pretrained) {
  return {.scratch = std::move(scratch), .pretrained = {1000, pretrained}};
}

}  // namespace

TEST_CASE("iterations_to_reach: linear between ends, from the origin, at the first crossing") {
  const std::vector<ScheduleEnd> rising = ends(20, 30, 34);
  CHECK(iterations_to_reach(rising, 25).iterations == 1500);
  CHECK(iterations_to_reach(rising, 30).iterations == 2000);
  CHECK(iterations_to_reach(rising, 33).iterations == 3500);
  CHECK(iterations_to_reach(rising, 10).iterations == 500);
  CHECK_FALSE(iterations_to_reach(rising, 34).censored);
  const Reached never = iterations_to_reach(rising, 35);
  CHECK(never.censored);
  CHECK(never.iterations == 4000);
  CHECK(iterations_to_reach(ends(20, 30, 10), 25).iterations == 1500);
}

TEST_CASE("parity: the ratio is averaged and bounded as its logarithm") {
  // Numbers: tests/oracles/study_statistics.py.
  const std::vector<ParityPair> pairs = {pair(ends(20, 26, 34), 30), pair(ends(21, 28, 33), 31),
                                         pair(ends(18, 27, 35), 29)};
  const Parity found = parity(pairs, 1);
  CHECK(found.num_censored == 0);
  CHECK(found.ratio == doctest::Approx(2.67685985894488).epsilon(1e-12));
  REQUIRE(found.interval);
  CHECK(found.interval->high == doctest::Approx(3.6096322057074364).epsilon(1e-12));
  CHECK(found.interval->low <= 1.9851270977415415);
  CHECK(found.interval->low > 1.5);
}

TEST_CASE("parity: equal arms have ratio 1, wherever they reach the target") {
  for (const double margin : {0.0, 1.0, 5.0}) {
    const std::vector<ParityPair> pairs = {pair(ends(20, 26, 34), 20), pair(ends(21, 28, 33), 21),
                                           pair(ends(18, 27, 35), 18)};
    CHECK(parity(pairs, margin).ratio == doctest::Approx(1).epsilon(1e-12));
    CHECK_FALSE(parity(pairs, margin).interval);  // no spread
  }
}

TEST_CASE("parity: an arm that is ahead at the shortest schedule has a ratio below 1") {
  const Parity found = parity(std::vector{pair(ends(40, 41, 42), 30), pair(ends(41, 41, 42), 30),
                                          pair(ends(42, 43, 44), 30)},
                              1);
  CHECK(found.ratio == doctest::Approx(30 / std::cbrt(40. * 41 * 42)).epsilon(1e-12));
  REQUIRE(found.interval);
  CHECK(found.interval->high < 1);
}

TEST_CASE("parity: an arm that never gets there has a lower bound alone") {
  const std::vector<ParityPair> pairs = {pair(ends(10, 12, 14), 30), pair(ends(11, 12, 15), 30.5),
                                         pair(ends(9, 12, 14), 29.5)};
  const Parity found = parity(pairs, 1);
  CHECK(found.num_censored == 3);
  CHECK(found.iterations == doctest::Approx(4000));
  REQUIRE(found.interval);
  CHECK(std::isinf(found.interval->high));
  // Far behind up to the end: the bound is the smallest ratio at which a longest schedule ends.
  CHECK(found.interval->low == doctest::Approx(4000 / (1000 * 29.5 / 30.5)).epsilon(1e-12));
  CHECK(found.ratio > found.interval->low);
}

TEST_CASE("parity: pairs that are all censored by noise prove nothing") {
  // Flat curves half a point below the target on average, with a spread of as much: substituting
  // the longest schedule would give three equal logarithms of 4, and a bound to match.
  const std::vector<ParityPair> pairs = {pair(ends(29.9, 29.9, 29.9), 30),
                                         pair(ends(29.2, 29.2, 29.2), 30),
                                         pair(ends(29.95, 29.95, 29.95), 30)};
  const Parity found = parity(pairs, 0);
  CHECK(found.num_censored == 3);
  CHECK(found.ratio == doctest::Approx(4).epsilon(1e-12));
  REQUIRE(found.interval);
  CHECK(found.interval->low < 1);
}

TEST_CASE("parity: one seed that gets there early keeps the others' silence from counting") {
  const std::vector<ParityPair> pairs = {pair(ends(30, 31, 32), 30), pair(ends(20, 22, 24), 30),
                                         pair(ends(21, 22, 24), 30)};
  const Parity found = parity(pairs, 1);
  CHECK(found.num_censored == 2);
  REQUIRE(found.interval);
  CHECK(found.interval->low < 1);
  CHECK(std::isinf(found.interval->high));
}

TEST_CASE("parity: pairs without spread have no interval, censored or not, and no pairs no ratio") {
  const ParityPair same = pair(ends(10, 12, 14), 30);
  CHECK_FALSE(parity(std::vector{same, same, same}, 1).interval);
  CHECK_FALSE(parity(std::vector{same, pair(ends(11, 12, 13), 30)}, 1).interval);
  CHECK(std::isnan(parity({}, 1).ratio));
}
