#include "apps/study/plan/tuning.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::study;
using denovo::testing::TemporaryDirectory;

namespace {

StudyConfig tuned_study() {
  StudyConfig config;
  config.study.arms = {"scratch=random", "pretrained=weights.safetensors"};
  config.study.sizes = {10, 20};
  config.study.schedules = {90, 300};
  config.study.tune = {"solver.base_lr=0.01|0.02", "solver.gamma=0.1|0.5"};
  return config;
}

Grid grid_of(const StudyConfig& config) {
  detection::TrainConfig detector;
  detector.solver.warmup_iters = 20;
  return make_grid(config, detector, 20, 5, "s");
}

}  // namespace

TEST_CASE("combinations: every choice of a value for each key") {
  CHECK(combinations({}) == std::vector<std::vector<std::string>>{{}});
  CHECK(combinations({"a=1|2", "b=x"}) ==
        std::vector<std::vector<std::string>>{{"a=1", "b=x"}, {"a=2", "b=x"}});
  CHECK_THROWS_WITH_AS(combinations({"solver.gamma"}),
                       "config: study.tune must be section.key=value|value|..., got "
                       "\"solver.gamma\"",
                       ConfigError);
}

TEST_CASE("tuning_runs: the pre-trained arm alone, at the shortest schedule, for each size") {
  const StudyConfig config = tuned_study();
  const auto runs = tuning_runs(config, grid_of(config), "s");
  REQUIRE(runs.size() == 2 * 4);
  CHECK(runs[5].id == "tuning-20-2");
  CHECK(runs[5].config.start.init == "weights.safetensors");
  CHECK(runs[5].config.solver.max_iter == 90);
  CHECK(runs[5].config.solver.base_lr == 0.01);
  CHECK(runs[5].config.solver.gamma == 0.5);
  CHECK(runs[5].config.checkpoint.at.empty());
}

TEST_CASE("choose: the best of each size; a failed run does not count, an unfinished one waits") {
  const TemporaryDirectory folder;
  const StudyConfig config = tuned_study();
  const auto runs = tuning_runs(config, grid_of(config), "s");
  std::vector<Job> jobs;
  const double ap[] = {3, 5, 4, 5, 9, 1, 2, 2};
  for (size_t i = 0; i < runs.size(); ++i) {
    Job job{.id = runs[i].id, .directory = folder / runs[i].id};
    job.state = JobState::kFinished;
    create_directories(job.directory);
    replace_file(job.directory + "/metrics.jsonl",
                 "{\"iteration\":90,\"bbox/AP\":" + std::to_string(ap[i]) + "}\n");
    jobs.push_back(job);
  }
  jobs[4].state = JobState::kFailed;
  const std::optional<Tuned> tuned = choose(config, runs, jobs);
  REQUIRE(tuned);
  CHECK(tuned->at(10) == std::vector<std::string>{"solver.base_lr=0.01", "solver.gamma=0.5"});
  CHECK(tuned->at(20) == std::vector<std::string>{"solver.base_lr=0.02", "solver.gamma=0.1"});
  write_tuned(folder / "tuned.toml", *tuned);
  CHECK(read_tuned(folder / "tuned.toml") == *tuned);
  CHECK(read_tuned(folder / "none.toml").empty());
  jobs[0].state = JobState::kStopped;
  CHECK(!choose(config, runs, jobs));
  for (Job& job : jobs) job.state = JobState::kFailed;
  CHECK_THROWS_AS(choose(config, runs, jobs), DivergedError);
}
