// Asks whether pre-training is worth it: trains a detector from random and from pre-trained weights
// over sizes of the training set, schedules and seeds, and reports.
#include <fmt/format.h>

#include "apps/study/runs/child_process.h"
#include "apps/study/study.h"
#include "core/error.h"
#include "core/files/signals.h"
#include "core/program/exit_status.h"
#include "core/program/options.h"

namespace {

using namespace denovo;

constexpr int kSomeRunsMissing = 1;

/// The command line by which a task finds the study.
std::vector<std::string> same_study(const Options& options) {
  std::vector<std::string> command = {study::sibling_program("ablate_data_size"),
                                      "--config",
                                      options.text("out") + "/study.toml",
                                      "--out",
                                      options.text("out"),
                                      "--device",
                                      options.text("device")};
  if (options.given("quiet")) command.emplace_back("--quiet");
  return command;
}

int ablate(int argc, char** argv) {
  Options options("ablate_data_size",
                  "Studies whether pre-training is worth it, over sizes of the training set and "
                  "schedules");
  options.add({.name = "out", .value = "STUDY", .meaning = "study directory", .required = true});
  options.add({.name = "resume", .meaning = "continue the study in --out"});
  options.add({.name = "jobs",
               .value = "N",
               .meaning = "runs at a time, each with its share of the cores",
               .fallback = "1"});
  options.add({.name = "dry-run", .meaning = "print every run and what it will take, then end"});
  options.add({.name = "report-only", .meaning = "report on what the study in --out has so far"});
  options.add({.name = "submit",
               .value = "slurm",
               .meaning = "hand the runs to Slurm as job arrays with dependencies, then end"});
  options.add({.name = "only",
               .value = "ID",
               .meaning = "run this one of a study's runs: what the tasks of --submit do"});
  options.add_config(config_help<study::StudyConfig>(), config_markdown<study::StudyConfig>());
  if (!options.parse(argc, argv)) return 0;

  study::StudyConfig config =
      load_config<study::StudyConfig>(options.text("config"), options.overrides());
  if (const int64_t threads = options.integer("threads", 0, 1024); threads > 0)
    config.study.threads = static_cast<int>(threads);
  if (options.given("seed")) config.study.first_seed = options.integer("seed", 0, INT32_MAX);
  const study::StudyOptions where{.out = options.text("out"),
                                  .device = options.text("device"),
                                  .at_a_time = static_cast<int>(options.integer("jobs", 1, 1024)),
                                  .dry_run = options.given("dry-run")};
  watch_signals();
  Logger logger(options.given("quiet"));
  study::Study study(std::move(config), where, logger);
  if (options.given("dry-run")) {
    const std::optional<std::string> plan = study.dry_run();
    if (!plan) return kSignalStatus + caught_signal();
    fmt::print("{}", *plan);
    return 0;
  }
  if (options.given("submit")) {
    if (options.text("submit") != "slurm")
      throw ConfigError("--submit must be slurm, got " + options.text("submit"));
    for (const std::string& line : study.submit(options.given("resume"), same_study(options)))
      fmt::print("{}\n", line);
    return 0;
  }
  int signal = 0;
  if (options.given("report-only")) {
    study.report();
  } else if (options.given("only")) {
    signal = study.run_only(options.text("only"));
  } else {
    signal = study.run(options.given("resume"));
  }
  if (signal) return kSignalStatus + signal;
  fmt::print("{}", study.summary());
  if (const std::string missing = study.missing(); !missing.empty()) {
    logger.warn(missing);
    return kSomeRunsMissing;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, ablate);
}
