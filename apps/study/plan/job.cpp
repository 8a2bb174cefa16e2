#include "apps/study/plan/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "apps/study/runs/child_process.h"
#include "core/files/file.h"
#include "core/files/run_lock.h"
#include "detection/pretraining/classifier_config.h"
#include "nn/training/checkpoint.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

void add_common(std::vector<std::string>& command, const Job& job, const JobOptions& options) {
  for (const std::string& word :
       {std::string("--out"), job.directory, std::string("--device"), options.device,
        std::string("--threads"), std::to_string(options.threads)})
    command.push_back(word);
}

Job pretraining_job(const Arm& arm, const JobOptions& options) {
  Job job{.id = "pretraining/" + arm.name, .directory = options.study + "/pretraining/" + arm.name};
  job.command = {sibling_program("pretrain_imagenet"), "--config", arm.source};
  add_common(job.command, job, options);
  job.last = load_config<detection::ClassifierConfig>(arm.source, {}).solver.max_iter;
  return job;
}

Job run_job(const StudyRun& run, const std::string& pretraining, const JobOptions& options) {
  Job job{.id = run.id, .directory = options.study + "/runs/" + run.id};
  job.first = run.branch_at;
  job.last = run.schedule;
  job.command = train_coco_command(options);
  job.command.insert(job.command.end(), {"--config", options.study + "/detector.toml"});
  add_common(job.command, job, options);
  if (!run.branch_of.empty()) {
    const std::string parent = options.study + "/runs/" + run.branch_of;
    job.needs = run.branch_of;
    job.needs_file = parent + "/checkpoints/" + nn::checkpoint_name(run.branch_at);
    job.command.insert(job.command.end(), {"--branch-of", parent});
  } else if (!pretraining.empty()) {
    job.needs = pretraining;
    job.needs_file = options.study + "/" + pretraining + "/result.txt";
  }
  job.command.insert(job.command.end(), run.overrides.begin(), run.overrides.end());
  return job;
}

}  // namespace

const char* name_of(JobState state) {
  switch (state) {
    case JobState::kPending:
      return "pending";
    case JobState::kRunning:
      return "running";
    case JobState::kFinished:
      return "finished";
    case JobState::kStopped:
      return "stopped";
    case JobState::kFailed:
      break;
  }
  return "failed";
}

std::vector<std::string> train_coco_command(const JobOptions& options) {
  std::vector<std::string> command;
  std::istringstream words(options.launch);
  for (std::string word; words >> word;) command.push_back(word);
  command.push_back(sibling_program("train_coco"));
  return command;
}

std::vector<Job> jobs_of(const std::vector<Arm>& arms, const std::vector<StudyRun>& runs,
                         const JobOptions& options) {
  std::vector<Job> jobs;
  const auto pretraining_of = [](const Arm& arm) {
    return arm.start == Arm::Start::kPretrain ? "pretraining/" + arm.name : std::string();
  };
  for (const Arm& arm : arms)
    if (arm.start == Arm::Start::kPretrain) jobs.push_back(pretraining_job(arm, options));
  for (const StudyRun& run : runs) {
    jobs.push_back(run_job(run, pretraining_of(*find_arm(arms, run.arm)), options));
  }
  return jobs;
}

void estimate(std::vector<Job>& jobs, const std::vector<Arm>& arms,
              const std::vector<StudyRun>& runs, const Costs& costs) {
  for (Job& job : jobs) {
    const auto iterations = static_cast<double>(job.last - job.first);
    if (job.is_pretraining()) {
      const auto arm = static_cast<size_t>(find_arm(arms, job.pretrained_arm()) - arms.data());
      job.estimated_seconds = costs.start + iterations * costs.pretraining_iteration[arm];
      continue;
    }
    const detection::TrainConfig& run = find_run(runs, job.id).config;
    const int64_t evaluations = (job.last - 1) / run.eval.period - job.first / run.eval.period + 1;
    job.estimated_seconds = costs.start + iterations * costs.iteration +
                            static_cast<double>(evaluations) * costs.evaluation(run);
  }
}

int64_t iteration_reached(const std::string& directory, int64_t fallback) {
  const std::string path = directory + "/metrics.jsonl";
  std::error_code error;
  const auto size = static_cast<int64_t>(fs::file_size(path, error));
  if (error) return fallback;
  // Lines begin with their iteration and are much shorter than this.
  const FileReader file(path);
  std::string tail(static_cast<size_t>(std::min<int64_t>(size, 8192)), '\0');
  file.read_at(size - static_cast<int64_t>(tail.size()), tail.data(),
               static_cast<int64_t>(tail.size()));
  const std::string key = "{\"iteration\":";
  const size_t at = tail.rfind(key);
  return at == std::string::npos
             ? fallback
             : std::max(fallback, int64_t{std::atoll(tail.c_str() + at + key.size())});
}

const Job* find_job(const std::vector<Job>& jobs, const std::string& id) {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.id == id; });
  return found == jobs.end() ? nullptr : &*found;
}

void look_at_states(std::vector<Job>& jobs) {
  for (Job& job : jobs) {
    const std::string failure = job.directory + "/failure.txt";
    if (fs::exists(job.directory + "/result.txt")) {
      job.state = JobState::kFinished;
      job.reason.clear();
    } else if (fs::exists(failure)) {
      job.state = JobState::kFailed;
      job.reason = read_file(failure);
      while (job.reason.ends_with('\n')) job.reason.pop_back();
    } else if (fs::exists(job.directory + "/config.toml")) {
      job.state = JobState::kStopped;
    } else {
      job.state = JobState::kPending;
    }
  }
}

void look_from_outside(std::vector<Job>& jobs) {
  look_at_states(jobs);
  for (Job& job : jobs)
    if (!job.is_over() && RunLock::is_held(job.directory)) job.state = JobState::kRunning;
}

}  // namespace denovo::study
