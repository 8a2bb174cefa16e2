#include "nn/schedule/lr_schedule.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::nn;

TEST_CASE("lr_schedule: drops are those of the paper's schedules, 1x to 11x") {
  const struct {
    int64_t total, first, second;
  } table[] = {{90000, 60000, 80000},    {180000, 120000, 160000}, {270000, 210000, 250000},
               {360000, 300000, 340000}, {450000, 390000, 430000}, {540000, 480000, 520000},
               {810000, 750000, 790000}, {990000, 930000, 970000}};
  for (const auto& row : table) {
    CHECK(paper_drops(row.total) == std::vector<int64_t>{row.first, row.second});
  }
}

TEST_CASE("lr_schedule: drops of a short run keep proportions and stay inside it") {
  CHECK(paper_drops(900) == std::vector<int64_t>{600, 800});
  CHECK(paper_drops(1) == std::vector<int64_t>{0, 0});
}

TEST_CASE("lr_schedule: the rate falls at the first iteration of each drop") {
  const LrSchedule schedule{.max_iter = 180000, .drops = paper_drops(180000)};
  CHECK(learning_rate(schedule, 119999) == 0.02);
  CHECK(learning_rate(schedule, 120000) == doctest::Approx(0.002).epsilon(1e-14));
  CHECK(learning_rate(schedule, 159999) == doctest::Approx(0.002).epsilon(1e-14));
  CHECK(learning_rate(schedule, 160000) == doctest::Approx(0.0002).epsilon(1e-14));
}

TEST_CASE("lr_schedule: warm-up rises linearly from its factor and ends where it says") {
  const LrSchedule schedule;
  CHECK(learning_rate(schedule, 0) == doctest::Approx(0.02 / 3).epsilon(1e-14));
  CHECK(learning_rate(schedule, 250) == doctest::Approx(0.02 * 2 / 3).epsilon(1e-14));
  CHECK(learning_rate(schedule, 499) < 0.02);
  CHECK(learning_rate(schedule, 500) == 0.02);
  CHECK(learning_rate({.warmup_iters = 0}, 0) == 0.02);
}

TEST_CASE("lr_schedule: a drop inside the warm-up multiplies it") {
  const LrSchedule schedule{.base_lr = 1, .max_iter = 1000, .warmup_iters = 100, .drops = {50}};
  CHECK(learning_rate(schedule, 50) == doctest::Approx(0.1 * 2 / 3));
}

TEST_CASE("lr_schedule: the cosine falls from the base rate to nothing") {
  const LrSchedule schedule{
      .base_lr = 1, .max_iter = 300, .warmup_iters = 0, .decay = LrDecay::kCosine, .drops = {}};
  CHECK(learning_rate(schedule, 0) == 1);
  CHECK(learning_rate(schedule, 100) == doctest::Approx(0.75));
  CHECK(learning_rate(schedule, 150) == doctest::Approx(0.5));
  CHECK(learning_rate(schedule, 300) == 0);
  CHECK(learning_rate(schedule, 400) == 0);
}

TEST_CASE("lr_schedule: refuses what cannot be meant") {
  const auto message = [](const LrSchedule& schedule) -> std::string {
    try {
      check(schedule);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message({}) == "");
  CHECK(message({.base_lr = -0.02}) ==
        "lr_schedule: base_lr must be finite and not negative, got -0.02");
  CHECK(message({.max_iter = 0}) == "lr_schedule: max_iter must be positive, got 0");
  CHECK(message({.warmup_iters = -1}) == "lr_schedule: warmup_iters must not be negative, got -1");
  CHECK(message({.drops = {80000, 60000}}) ==
        "lr_schedule: drops must ascend within [0, 90000], got [80000, 60000]");
  CHECK(message({.drops = {60000, 100000}}) ==
        "lr_schedule: drops must ascend within [0, 90000], got [60000, 100000]");
}
