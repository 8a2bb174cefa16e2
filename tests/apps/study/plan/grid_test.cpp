#include "apps/study/plan/grid.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::study;

namespace {

StudyConfig small_study() {
  StudyConfig config;
  config.study.arms = {"scratch=random", "pretrained=weights.safetensors"};
  config.study.sizes = {10, 0};
  config.study.schedules = {90, 300};
  config.study.seeds = 2;
  return config;
}

detection::TrainConfig detector() {
  detection::TrainConfig config;
  config.solver.warmup_iters = 20;
  return config;
}

}  // namespace

TEST_CASE("make_grid: whole seeds first, branches behind the run that they leave") {
  const Grid grid = make_grid(small_study(), detector(), 40, 7, "studies/s");
  REQUIRE(grid.runs.size() == 2 * 2 * 2 * 2);
  CHECK(grid.sizes == std::vector<int64_t>{10, 40});
  CHECK(grid.runs[0].id == "scratch-10-300-s1");
  CHECK(grid.runs[1].id == "scratch-10-90-s1");
  CHECK(grid.runs[1].branch_of == "scratch-10-300-s1");
  CHECK(grid.runs[1].branch_at == 90 - 30);
  CHECK(grid.runs[1].own_iterations() == 30);
  CHECK(grid.runs[2].id == "pretrained-10-300-s1");
  CHECK(grid.runs[8].seed == 2);
}

TEST_CASE("make_grid: what a run is told") {
  const Grid grid = make_grid(small_study(), detector(), 40, 7, "studies/s");
  const detection::TrainConfig& longest = grid.run("pretrained-10-300-s2").config;
  CHECK(longest.seed == 2);
  CHECK(longest.start.init == "weights.safetensors");
  CHECK(longest.data.max_train_images == 10);
  CHECK(longest.solver.max_iter == 300);
  // The drops of all schedules are as far from their ends as those of the shortest: 1/3 and 1/9.
  CHECK(longest.solver.steps == std::vector<int>{270, 290});
  CHECK(longest.checkpoint.at == std::vector<int>{60});
  CHECK(longest.eval.period == 60);
  CHECK(longest.eval.patience == 0);
  CHECK(longest.eval.train_images == 7);
  const detection::TrainConfig& branch = grid.run("scratch-40-90-s1").config;
  CHECK(branch.start.init.empty());
  CHECK(branch.solver.steps == std::vector<int>{60, 80});
  CHECK(branch.checkpoint.at.empty());
}

TEST_CASE("make_grid: no size is seen more often than max_epochs, but for the shortest schedule") {
  StudyConfig config = small_study();
  config.study.max_epochs = 120;  // 300 iterations of 16 images are 480 epochs of 10 and 120 of 40
  const Grid grid = make_grid(config, detector(), 40, 7, "studies/s");
  REQUIRE(grid.runs.size() == 2 * 2 * (1 + 2));
  CHECK(grid.longest(10) == 90);
  CHECK(grid.longest(40) == 300);
  const StudyRun& only = grid.run("scratch-10-90-s1");
  CHECK(only.branch_of.empty());
  CHECK(only.config.checkpoint.at.empty());
  CHECK(only.config.eval.period == 90 / 5);
  CHECK(grid.run("scratch-40-90-s1").branch_of == "scratch-40-300-s1");
  config.study.max_epochs = 100;
  CHECK_THROWS_WITH_AS(
      make_grid(config, detector(), 40, 7, "studies/s"),
      "config: study.max_epochs must leave the largest size, 40 images, its longest schedule of "
      "300 iterations, which is 120 epochs; got 100",
      ConfigError);
}

TEST_CASE("make_grid: seed offsets tell arms apart that start alike, on the seeds of the pair") {
  StudyConfig config = small_study();
  config.study.arms = {"scratch=random", "again=random"};
  config.study.seed_offsets = {0, 100};
  const Grid grid = make_grid(config, detector(), 40, 7, "studies/s");
  CHECK(grid.run("again-10-300-s2").seed == 2);
  CHECK(grid.run("again-10-300-s2").config.seed == 102);
}

TEST_CASE("make_grid: tuned overrides are those of their size, for all arms") {
  const Grid grid = make_grid(small_study(), detector(), 40, 7, "studies/s",
                              {{10, {"solver.base_lr=0.5", "solver.gamma=0.2"}}});
  for (const StudyRun& run : grid.runs) {
    CHECK(run.config.solver.base_lr == (run.images == 10 ? 0.5 : 0.02));
    CHECK(run.config.solver.gamma == (run.images == 10 ? 0.2 : 0.1));
  }
}

TEST_CASE("make_grid: refuses what could not be compared") {
  const auto make = [](const StudyConfig& config) {
    return make_grid(config, detector(), 40, 7, "studies/s");
  };
  StudyConfig config = small_study();
  config.study.arm_overrides = {"pretrained: solver.momentum=0.5"};
  CHECK_THROWS_WITH_AS(
      make(config),
      "config: arms scratch and pretrained must differ in model.init alone, got solver.momentum "
      "(0.9 and 0.5); study.allow_differences=true compares them all the same",
      ConfigError);
  config.study.allow_differences = true;
  CHECK(make(config).run("pretrained-10-90-s1").config.solver.momentum == 0.5);
  config = small_study();
  config.study.sizes = {10, 41};
  CHECK_THROWS_WITH_AS(make(config),
                       "config: study.sizes must be at most the 40 training images, got 41",
                       ConfigError);
  CHECK_NOTHROW(make_grid(config, detector(), 0, 7, "studies/s"));  // nobody knows how many
  // Frozen layers over random weights.
  config = small_study();
  detection::TrainConfig frozen = detector();
  frozen.start.freeze_at = 2;
  CHECK_THROWS_AS(make_grid(config, frozen, 40, 7, "studies/s"), ConfigError);
}
