#include "nn/training/branch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/log/metrics.h"
#include "nn/training/checkpoint.h"

namespace denovo::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kScheduleKeys = {"solver.max_iter", "solver.lr_schedule",
                                                      "solver.steps", "solver.gamma"};

bool is_schedule_key(const std::string& key) {
  return std::find(kScheduleKeys.begin(), kScheduleKeys.end(), key) != kScheduleKeys.end();
}

/// The solver alone, under the keys of a run's configuration.
struct SolverSection {
  SolverConfig solver;
  void describe(ConfigFields& v) { v.section("solver", solver, "optimiser and schedule"); }
};

/// The solver of the run in `parent`, whose configuration may differ in its schedule.
SolverConfig parent_solver(const std::string& parent, const Task& task) {
  const std::string file = parent + "/config.toml";
  SolverSection section{task.run_config().solver};
  ConfigFields fields = ConfigFields::of(section);
  std::vector<std::string> others;
  for (const auto& difference : task.differences_from(file)) {
    if (!difference.affects_result) continue;
    if (is_schedule_key(difference.key)) {
      fields.apply_override(difference.key + "=" + difference.before);
    } else {
      others.push_back(
          fmt::format("{} was {}, is {}", difference.key, difference.before, difference.after));
    }
  }
  if (!others.empty()) {
    throw ConfigError(fmt::format("{}: a branch may change the schedule alone; {}", file,
                                  fmt::join(others, "; ")));
  }
  return section.solver;
}

int64_t iteration_of(const std::string& checkpoint) {
  return std::strtoll(checkpoint.c_str() + checkpoint.find('_') + 1, nullptr, 10);
}

/// A second name for a file, or a copy where the file system has no such thing. Neither is ever
/// written to again: programs here replace files.
void link_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) fs::copy_file(from, to);
}

void link_folder(const fs::path& from, const fs::path& to) {
  AtomicDirectory folder(to);
  for (const auto& entry : fs::directory_iterator(from))
    if (entry.is_regular_file())
      link_file(entry.path(), folder.working_path() / entry.path().filename());
  folder.commit();
}

/// The parent's best checkpoint, if it was that at the branch already. One that was overtaken since
/// may be gone: the run then has no best one until it finds a better.
void link_best(const BranchPoint& branch, const std::string& run) {
  std::error_code error;
  const std::string best =
      fs::read_symlink(branch.parent + "/checkpoints/best", error).filename().string();
  if (error || iteration_of(best) > branch.iteration) return;
  try {
    if (best != branch.checkpoint)
      link_folder(branch.parent + "/checkpoints/" + best, run + "/checkpoints/" + best);
  } catch (const fs::filesystem_error&) {
    return;  // the parent trains on, and has just deleted it
  }
  replace_symlink(run + "/checkpoints/best", best);
}

}  // namespace

int64_t shared_iterations(const SolverConfig& a, const SolverConfig& b) {
  const LrSchedule first = a.schedule(), second = b.schedule();
  const int64_t end = std::min(a.max_iter, b.max_iter);
  int64_t iteration = 0;
  while (iteration < end && learning_rate(first, iteration) == learning_rate(second, iteration))
    ++iteration;
  return iteration;
}

BranchPoint find_branch_point(const std::string& parent, const Task& task) {
  if (!fs::exists(parent + "/config.toml"))
    throw ConfigError(fmt::format("{}: nothing to branch from, there is no run here", parent));
  const int64_t shared = shared_iterations(parent_solver(parent, task), task.run_config().solver);
  BranchPoint branch{parent, {}, 0};
  for (const std::string& name : list_checkpoints(parent + "/checkpoints"))
    if (iteration_of(name) <= shared) branch.checkpoint = name;
  if (branch.checkpoint.empty()) {
    throw ConfigError(fmt::format(
        "{}: a branch needs a checkpoint among the first {} iterations, which are those "
        "in common, and there is none; checkpoint.at = {} keeps one",
        parent, shared, shared));
  }
  branch.iteration = iteration_of(branch.checkpoint);
  return branch;
}

void take_over(const BranchPoint& branch, const std::string& run) {
  try {
    const fs::path evaluations = branch.parent + "/eval";
    if (fs::exists(evaluations)) {
      create_directories(run + "/eval");
      for (const auto& entry : fs::directory_iterator(evaluations)) {
        const std::string name = entry.path().filename();
        if (name.front() != '.' && std::strtoll(name.c_str(), nullptr, 10) <= branch.iteration)
          link_folder(entry.path(), run + "/eval/" + name);
      }
    }
    const std::string metrics = "/metrics.jsonl";
    if (fs::exists(branch.parent + metrics)) {
      replace_file(run + metrics, read_file(branch.parent + metrics));
      cut_metrics_after(run + metrics, branch.iteration);
    }
    create_directories(run + "/checkpoints");
    link_best(branch, run);
    link_folder(branch.path(), run + "/checkpoints/" + branch.checkpoint);
    replace_symlink(run + "/checkpoints/last", branch.checkpoint);
  } catch (const fs::filesystem_error& error) {
    throw ResourceError(fmt::format("{}: cannot take over {}, got '{}'", run, branch.path(),
                                    error.code().message()));
  }
}

}  // namespace denovo::nn
