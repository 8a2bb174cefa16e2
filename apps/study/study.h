// A study from its configuration to its report, in a directory that can be stopped and resumed at
// any moment:
//
//   study.toml, detector.toml   the resolved configurations
//   tuned.toml                  what study.tune has chosen
//   inputs.toml                 its data and weights, by their content
//   costs.toml                  what a step takes here, measured before the first run
//   plan.json                   every run with its state (plan/plan_file.h)
//   subsets/                    the image ids of each size and seed
//   pretraining/ARM/            run directories of pretrain_imagenet
//   runs/ID/                    run directories of train_coco
//   logs/                       what the programs printed
//   report.json, report.html
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/study/plan/job.h"
#include "apps/study/plan/study_data.h"
#include "core/files/run_lock.h"
#include "core/log/logger.h"

namespace denovo::study {

struct StudyOptions {
  std::string out;
  std::string device = "auto";
  int at_a_time = 1;  // runs
  bool dry_run = false;
};

class Study {
 public:
  /// Reads the data and makes the grid. Throws what they throw. Nothing is written. With a stated
  /// rate a dry run does without data that are not there.
  Study(StudyConfig config, StudyOptions options, Logger& logger);

  /// Measures what it would take and returns the plan as a table; nullopt when a signal came.
  std::optional<std::string> dry_run();

  /// Begins in a new or empty directory, or with `resume` goes on in one that holds this study:
  /// ConfigError names the keys in which it differs, IoError the data. Runs what is left, then
  /// reports. Returns the signal that stopped it, or 0.
  int run(bool resume);
  /// Begins or goes on as run() does, but hands what is left to Slurm (runs/submit_slurm.h).
  /// Returns lines for people. `command` is this program with its configuration.
  std::vector<std::string> submit(bool resume, const std::vector<std::string>& command);
  /// Runs one job of a study that was begun, beside others that do the same: what Slurm's tasks
  /// call. Returns the signal that stopped it, or 0; throws what stopped it otherwise.
  int run_only(const std::string& id);
  /// Reports on what is there. ConfigError where no study is, or another one.
  void report();

  /// What is not finished, in words; empty: nothing.
  std::string missing() const;
  /// What people are told at the end: the answer, the verdicts, the path of the report.
  const std::string& summary() const { return summary_; }

 private:
  /// Whether this study may begin in its directory, or go on there; throws what is in the way.
  void require_startable(bool resume) const;
  void require_directory(bool resume) const;
  /// Makes the directory, takes its lock and writes what does not change.
  void open(bool resume);
  JobOptions job_options() const;
  void plan();
  /// Runs what study.tune asks for and takes what it chooses. Returns the signal that stopped it.
  int tune();
  int run_all(std::vector<Job>& jobs);
  void require_same_study() const;
  void write_files() const;
  std::optional<Costs> costs();
  int stopped_by(int signal);
  void read_costs();
  void make_report_files();
  void write_plan() const;
  /// The same for one of several processes that write it: of all jobs as their directories show
  /// them, of its own as it knows them.
  void write_plan_beside_others(std::vector<Job> all, const std::vector<Job>& own) const;
  std::string path(const std::string& name) const { return options_.out + "/" + name; }

  StudyConfig config_;
  const StudyOptions options_;
  Logger& logger_;
  const detection::TrainConfig detector_;
  const std::optional<StudyData> data_;
  std::optional<Grid> grid_;
  std::vector<Job> jobs_;
  Costs costs_;
  std::optional<RunLock> lock_;
  std::string summary_;
};

}  // namespace denovo::study
