#include "apps/study/runs/run_jobs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "apps/study/runs/child_process.h"
#include "apps/study/runs/study_progress.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/files/run_lock.h"
#include "core/files/signals.h"
#include "core/log/read_metrics.h"
#include "core/program/exit_status.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPollPeriod{100};

/// What a job that is finished has come to.
std::string outcome_of(const Job& job) {
  const bool classifies = job.is_pretraining();
  const double value =
      last_value(read_metrics(job.directory + "/metrics.jsonl"), classifies ? "top1" : "bbox/AP");
  if (std::isnan(value)) return name_of(job.state);
  return fmt::format("{} {:.1f}", classifies ? "top-1" : "box AP", value);
}

struct Running {
  Job* job;
  double start;
  int64_t log_before;  // bytes that were in the log
  std::unique_ptr<ChildProcess> child;
  bool seen = false;  // at work in its directory
};

class JobRunner {
 public:
  JobRunner(std::vector<Job>& jobs, const RunJobsOptions& options, Logger& logger)
      : jobs_(jobs), options_(options), progress_(jobs, options.at_a_time, logger) {
    create_directories(options.logs);
  }

  int run() {
    while (!caught_signal()) {
      const bool waits = start_ready();
      if (running_.empty() && !waits) return 0;
      collect();
      see_beginnings();
      progress_.update();
      std::this_thread::sleep_for(kPollPeriod);
    }
    stop_all();
    return caught_signal();
  }

 private:
  std::string log_of(const Job& job) const {
    std::string name = job.id;
    std::replace(name.begin(), name.end(), '/', '-');
    return options_.logs + "/" + name + ".txt";
  }

  /// True when a job could be started but for the process that still writes into its directory: a
  /// study that was killed leaves runs that are about to save.
  bool start_ready() {
    bool one_waits = false;
    for (Job& job : jobs_) {
      if (running_.size() == static_cast<size_t>(options_.at_a_time)) break;
      const bool to_do = job.state == JobState::kPending || job.state == JobState::kStopped;
      if (!to_do || tried(job)) continue;
      if (!job.needs.empty() && !fs::exists(job.needs_file)) {
        if (job.reason.empty()) explain_absence(job);
        continue;
      }
      if (RunLock::is_held(job.directory)) {
        one_waits = true;
      } else {
        start(job);
      }
    }
    return one_waits;
  }

  /// Of what a job needs, when the job that should have left it is over.
  void explain_absence(Job& job) {
    const Job* parent = find_job(jobs_, job.needs);
    if (!parent || !parent->is_over()) return;
    set_state(
        job, job.state,
        parent->state == JobState::kFailed
            ? fmt::format("{} failed before iteration {}", job.needs, job.first)
            : fmt::format("{} is not there any more; without the directory of {} it is trained "
                          "again",
                          job.needs_file, job.needs));
  }

  /// Once in a call: what is killed again and again would never end.
  bool tried(const Job& job) const {
    return std::find(tried_.begin(), tried_.end(), &job) != tried_.end();
  }

  void start(Job& job) {
    std::vector<std::string> command = job.command;
    if (fs::exists(job.directory + "/config.toml")) {
      command.emplace_back("--resume");
    } else {
      // Stopped between making its directory and writing into it.
      std::error_code ignored;
      fs::remove_all(job.directory, ignored);
    }
    create_directories(fs::path(job.directory).parent_path());
    std::error_code absent;
    const auto log_before = static_cast<int64_t>(fs::file_size(log_of(job), absent));
    tried_.push_back(&job);
    running_.push_back({&job, monotonic_seconds(), absent ? 0 : log_before,
                        std::make_unique<ChildProcess>(command, log_of(job))});
    set_state(job, JobState::kRunning, {});
  }

  /// What others can see of a run begins later than its process.
  void see_beginnings() {
    for (Running& running : running_) {
      if (running.seen || !RunLock::is_held(running.job->directory)) continue;
      running.seen = true;
      if (options_.changed) options_.changed();
    }
  }

  void set_state(Job& job, JobState state, const std::string& reason) {
    job.state = state;
    job.reason = reason;
    if (options_.changed) options_.changed();
  }

  void collect() {
    for (size_t i = 0; i < running_.size();) {
      const std::optional<int> status = running_[i].child->poll();
      if (!status) {
        ++i;
        continue;
      }
      const Running ended = std::move(running_[i]);
      running_.erase(running_.begin() + static_cast<ptrdiff_t>(i));
      take(ended, *status);
    }
  }

  void take(const Running& ended, int status) {
    Job& job = *ended.job;
    const std::string words = status == 0 ? "" : last_words(log_of(job), ended.log_before);
    if (status == 0) {
      set_state(job, JobState::kFinished, {});
    } else if (status == kFailedStatus && words.find("diverged") != std::string::npos) {
      create_directories(job.directory);
      replace_file(job.directory + "/failure.txt", words + "\n");
      set_state(job, JobState::kFailed, words);
    } else {
      set_state(job, JobState::kStopped, reason_of_end(status, words));
    }
    const double seconds = monotonic_seconds() - ended.start;
    progress_.ended(job, seconds,
                    job.reason.empty() ? outcome_of(job)
                                       : fmt::format("{} ({})", name_of(job.state), job.reason));
    const bool meets_all =
        status == kCannotRun || (status >= kUsageStatus && status <= kExhaustedStatus);
    if (!meets_all) return;
    stop_all();
    throw_failure(status, job.id, job.command, words);
  }

  void stop_all() {
    for (const Running& running : running_) running.child->send(kStopSignal);
    for (const Running& running : running_) {
      const int status = running.child->wait();
      set_state(*running.job, status == 0 ? JobState::kFinished : JobState::kStopped, {});
    }
    running_.clear();
  }

  std::vector<Job>& jobs_;
  const RunJobsOptions& options_;
  StudyProgress progress_;
  std::vector<Running> running_;
  std::vector<const Job*> tried_;
};

}  // namespace

int run_jobs(std::vector<Job>& jobs, const RunJobsOptions& options, Logger& logger) {
  return JobRunner(jobs, options, logger).run();
}

std::string missing_text(const std::vector<Job>& jobs) {
  std::vector<std::string> missing;
  for (const Job& job : jobs) {
    if (job.state == JobState::kFinished) continue;
    const std::string why = job.reason.empty() ? name_of(job.state) : job.reason;
    missing.push_back(fmt::format("{} ({})", job.id, why));
  }
  if (missing.empty()) return {};
  return fmt::format("{} of {} runs {} missing: {}", missing.size(), jobs.size(),
                     missing.size() == 1 ? "is" : "are", fmt::join(missing, ", "));
}

}  // namespace denovo::study
