#include "apps/study/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "apps/study/page/study_page.h"
#include "apps/study/plan/calibration.h"
#include "apps/study/plan/plan_file.h"
#include "apps/study/plan/stated_costs.h"
#include "apps/study/plan/tuning.h"
#include "apps/study/results/report_json.h"
#include "apps/study/results/study_report.h"
#include "apps/study/runs/run_jobs.h"
#include "apps/study/runs/submit_slurm.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/json_writer.h"
#include "core/files/signals.h"
#include "detection/pretraining/classifier_config.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

/// A study keeps the threads of a run that it began with.
StudyConfig with_threads(StudyConfig config, const StudyOptions& options) {
  int& threads = config.study.threads;
  const std::string begun = options.out + "/study.toml";
  if (threads == 0 && fs::exists(begun))
    threads = load_config<StudyConfig>(begun, {}).study.threads;
  if (threads == 0)
    threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / options.at_a_time);
  return config;
}

/// A study that was killed while it began may leave its lock alone.
bool is_empty_but_for_lock(const std::string& directory) {
  return std::all_of(fs::directory_iterator(directory), fs::directory_iterator(),
                     [](const auto& entry) { return entry.path().filename() == ".lock"; });
}

std::optional<StudyData> read_data(const StudyConfig& config,
                                   const detection::TrainConfig& detector,
                                   const StudyOptions& options) {
  const bool there = fs::exists(detector.data.path(detector.data.train_annotations));
  if (options.dry_run && config.study.images_per_second > 0 && !there) return std::nullopt;
  return std::optional<StudyData>(std::in_place, detector);
}

/// Adds "key was A, is B" for each key of a file that differs and touches the result.
template <class Config>
void add_changes(const std::string& file, const Config& config, std::vector<std::string>& changes) {
  for (const auto& difference : differences_from_file(file, config)) {
    if (difference.affects_result)
      changes.push_back(
          fmt::format("{} was {}, is {}", difference.key, difference.before, difference.after));
  }
}

}  // namespace

Study::Study(StudyConfig config, StudyOptions options, Logger& logger)
    : config_(with_threads(std::move(config), options)),
      options_(std::move(options)),
      logger_(logger),
      detector_(
          load_config<detection::TrainConfig>(config_.detector.config, config_.detector.overrides)),
      data_(read_data(config_, detector_, options_)) {
  plan();
}

JobOptions Study::job_options() const {
  return {.study = options_.out,
          .device = options_.device,
          .threads = config_.study.threads,
          .launch = config_.study.launch};
}

void Study::plan() {
  grid_ = make_grid(config_, detector_, data_ ? data_->num_images() : 0,
                    data_ ? data_->num_validation_images() : 0, options_.out,
                    read_tuned(path("tuned.toml")));
  jobs_ = jobs_of(grid_->arms, grid_->runs, job_options());
}

int Study::tune() {
  const std::vector<StudyRun> runs = tuning_runs(config_, *grid_, options_.out);
  if (runs.empty() || fs::exists(path("tuned.toml"))) return 0;
  std::vector<Job> jobs = jobs_of(grid_->arms, runs, job_options());
  look_at_states(jobs);
  estimate(jobs, grid_->arms, runs, costs_);
  logger_.info(fmt::format("tuning: {} runs of {} iterations", runs.size(), config_.shortest()));
  if (const int signal = run_all(jobs)) return signal;
  const std::optional<Tuned> tuned = choose(config_, runs, jobs);
  if (!tuned) throw Error(missing_text(jobs));
  write_tuned(path("tuned.toml"), *tuned);
  for (const auto& [images, overrides] : *tuned)
    logger_.info(fmt::format("tuned for {} images: {}", images, fmt::join(overrides, ", ")));
  plan();
  look_at_states(jobs_);
  estimate(jobs_, grid_->arms, grid_->runs, costs_);
  return 0;
}

int Study::run_all(std::vector<Job>& jobs) {
  return run_jobs(
      jobs,
      {.at_a_time = options_.at_a_time, .logs = path("logs"), .changed = [&] { write_plan(); }},
      logger_);
}

std::optional<std::string> Study::dry_run() {
  if (data_) {
    data_->require_all_classes(*grid_);
    require_fitting_arms(*grid_, *data_);
  }
  look_at_states(jobs_);
  const double rate = config_.study.images_per_second;
  if (rate > 0) {
    costs_ =
        stated_costs(*grid_, rate, data_ ? static_cast<int>(data_->num_validation_images()) : 0);
  } else {
    const std::optional<Costs> measured = costs();
    if (!measured) return std::nullopt;
    costs_ = *measured;
  }
  estimate(jobs_, grid_->arms, grid_->runs, costs_);
  return plan_table(*grid_, jobs_, costs_, options_.at_a_time, rate);
}

int Study::run(bool resume) {
  require_startable(resume);
  std::optional<Costs> measured;
  if (!fs::exists(path("costs.toml")) && !(measured = costs())) {
    logger_.info(fmt::format("stopped by signal {} before the first run", caught_signal()));
    return caught_signal();
  }
  open(resume);
  if (measured) replace_file(path("costs.toml"), config_text(*measured));
  look_at_states(jobs_);
  read_costs();
  write_plan();
  const GridCost cost = cost_of(*grid_, jobs_, costs_);
  logger_.info(fmt::format("{} runs, {} iterations; about {} in all, {} at a time", jobs_.size(),
                           cost.iterations, format_duration(cost.seconds / options_.at_a_time),
                           options_.at_a_time));
  if (const int signal = tune()) return stopped_by(signal);
  if (const int signal = run_all(jobs_)) return stopped_by(signal);
  make_report_files();
  return 0;
}

int Study::stopped_by(int signal) {
  logger_.info(fmt::format("stopped by signal {} with checkpoints, --resume continues", signal));
  return signal;
}

std::vector<std::string> Study::submit(bool resume, const std::vector<std::string>& command) {
  require_startable(resume);
  open(resume);
  if (!config_.study.tune.empty() && !fs::exists(path("tuned.toml"))) {
    throw ConfigError(
        "config: study.tune must be over before --submit slurm; begin the study here, stop it when "
        "it says what it has tuned, and submit it with --resume");
  }
  look_at_states(jobs_);
  read_costs();
  write_plan();
  return submit_slurm(jobs_,
                      {.study = options_.out, .sbatch = config_.study.sbatch, .command = command});
}

int Study::run_only(const std::string& id) {
  if (!fs::exists(path("study.toml")))
    throw ConfigError(fmt::format("{}: nothing to run, there is no study here", options_.out));
  require_same_study();
  read_costs();
  const std::vector<Job> all = jobs_;
  std::erase_if(jobs_, [&](const Job& job) { return job.id != id; });
  if (jobs_.empty())
    throw ConfigError(fmt::format("{}: has no run of that name, got {}", options_.out, id));
  look_at_states(jobs_);
  return run_jobs(jobs_,
                  {.logs = path("logs"), .changed = [&] { write_plan_beside_others(all, jobs_); }},
                  logger_);
}

void Study::report() {
  if (!fs::exists(path("study.toml")))
    throw ConfigError(fmt::format("{}: nothing to report, there is no study here", options_.out));
  require_same_study();
  read_costs();
  // A task of Slurm that was ended with all its processes has not said so.
  if (fs::exists(path("slurm")) && !RunLock::is_held(options_.out))
    write_plan_beside_others(jobs_, {});
  make_report_files();
}

void Study::make_report_files() {
  look_at_states(jobs_);
  const StudyReport report = make_report(config_, *grid_, jobs_,
                                         {.directory = options_.out,
                                          .device = to_string(parse_device(options_.device)),
                                          .inputs = inputs_of(*data_, grid_->arms)});
  replace_file(path("report.json"), report_json(report));
  replace_file(path("report.html"), study_page(report));
  summary_ = summary_text(report) + "report: " + path("report.html") + "\n";
}

std::string Study::missing() const {
  return missing_text(jobs_);
}

void Study::require_startable(bool resume) const {
  require_directory(resume);
  if (resume) {
    require_same_study();
    return;
  }
  data_->require_all_classes(*grid_);
  require_fitting_arms(*grid_, *data_);
  data_->require_separate_images();
}

void Study::require_directory(bool resume) const {
  const bool is_study = fs::exists(path("study.toml"));
  if (resume && !is_study)
    throw ConfigError(fmt::format("{}: nothing to resume, there is no study here", options_.out));
  if (!resume && is_study) {
    throw ConfigError(fmt::format(
        "{}: holds another study; --resume continues it, another --out starts a new one",
        options_.out));
  }
  if (!resume && fs::exists(options_.out) &&
      (!fs::is_directory(options_.out) || !is_empty_but_for_lock(options_.out))) {
    throw ConfigError(fmt::format("{}: exists and is not an empty directory; choose another --out",
                                  options_.out));
  }
}

void Study::open(bool resume) {
  create_directories(options_.out);
  lock_.emplace(options_.out);
  require_directory(resume);  // somebody may have been faster
  write_files();
}

void Study::require_same_study() const {
  std::vector<std::string> changes;
  add_changes(path("study.toml"), config_, changes);
  if (fs::exists(path("detector.toml"))) add_changes(path("detector.toml"), detector_, changes);
  for (const Arm& arm : grid_->arms) {
    const std::string begun = path("pretraining/" + arm.name + "/config.toml");
    if (arm.start == Arm::Start::kPretrain && fs::exists(begun))
      add_changes(begun, load_config<detection::ClassifierConfig>(arm.source, {}), changes);
  }
  if (!changes.empty()) {
    throw ConfigError(
        fmt::format("{}: a study that was begun must keep its configuration and its rules; {}",
                    path("study.toml"), fmt::join(changes, "; ")));
  }
  if (!fs::exists(path("inputs.toml"))) return;
  add_changes(path("inputs.toml"), inputs_of(*data_, grid_->arms), changes);
  if (!changes.empty()) {
    throw IoError(fmt::format("{}: a study that was begun must keep its data and weights; {}",
                              path("inputs.toml"), fmt::join(changes, "; ")));
  }
}

void Study::write_files() const {
  // The first: a directory with it holds a study, and the others are written again on --resume.
  replace_file(path("study.toml"), config_text(config_));
  replace_file(path("detector.toml"), config_text(detector_));
  replace_file(path("inputs.toml"), config_text(inputs_of(*data_, grid_->arms)));
  create_directories(path("subsets"));
  for (const StudyRun& run : grid_->runs) {
    if (!run.branch_of.empty() || run.arm != grid_->arms.front().name) continue;
    JsonWriter json;
    json.begin_object().field("seed", run.config.seed).key("image_ids").begin_array();
    for (const int64_t id : data_->image_ids(run)) json.value(id);
    json.end_array().end_object();
    replace_file(fmt::format("{}/{}-s{}.json", path("subsets"), run.images, run.seed),
                 json.text() + "\n");
  }
}

std::optional<Costs> Study::costs() {
  logger_.info("measuring what a step takes here (about half a minute)");
  return measure_costs(*grid_, static_cast<int>(data_->num_validation_images()), job_options());
}

void Study::read_costs() {
  if (!fs::exists(path("costs.toml"))) return;  // handed to Slurm, where nothing was measured
  costs_ = load_config<Costs>(path("costs.toml"), {});
  estimate(jobs_, grid_->arms, grid_->runs, costs_);
}

void Study::write_plan() const {
  replace_file(path("plan.json"), plan_json(*grid_, jobs_, costs_, config_.study.threads));
}

void Study::write_plan_beside_others(std::vector<Job> all, const std::vector<Job>& own) const {
  // A look may be old when it is written. Each writer therefore goes on until it sees what it has
  // written, and whatever changes after its last look is written by whoever changes it.
  try {
    for (std::string written;;) {
      look_from_outside(all);
      for (const Job& job : own) all[static_cast<size_t>(find_job(all, job.id) - all.data())] = job;
      const std::string text = plan_json(*grid_, all, costs_, config_.study.threads);
      if (text == written) return;
      replace_file(path("plan.json"), text);
      written = text;
    }
  } catch (const ResourceError& error) {
    logger_.warn(fmt::format("plan.json is not renewed: {}", error.what()));  // no run hangs on it
  }
}

}  // namespace denovo::study
