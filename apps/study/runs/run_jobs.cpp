#include "apps/study/runs/run_jobs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "apps/study/runs/child_process.h"
#include "apps/study/runs/study_progress.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "core/files/signals.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPollPeriod{100};
constexpr int kDiverged = 1, kBadConfig = 2, kBadData = 3, kExhausted = 4, kLostRank = 5;

struct Running {
  Job* job;
  double start;
  int64_t log_before;  // bytes that were in the log
  std::unique_ptr<ChildProcess> child;
};

class JobRunner {
 public:
  JobRunner(std::vector<Job>& jobs, const RunJobsOptions& options, Logger& logger)
      : jobs_(jobs), options_(options), progress_(jobs, options.at_a_time, logger) {
    create_directories(options.logs);
  }

  int run() {
    while (!caught_signal()) {
      start_ready();
      if (running_.empty()) return 0;
      collect();
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

  void start_ready() {
    for (Job& job : jobs_) {
      if (running_.size() == static_cast<size_t>(options_.at_a_time)) return;
      const bool waits = job.state == JobState::kPending || job.state == JobState::kStopped;
      if (waits && !tried(job) && (job.needs.empty() || fs::exists(job.needs_file))) start(job);
    }
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

  void set_state(Job& job, JobState state, const std::string& reason) {
    job.state = state;
    job.reason = reason;
    if (options_.changed) options_.changed();
  }

  /// The last line that a job printed, without the program's name.
  std::string last_words(const Running& running) const {
    const FileReader log(log_of(*running.job));
    std::string text(static_cast<size_t>(log.size() - running.log_before), '\0');
    log.read_at(running.log_before, text.data(), static_cast<int64_t>(text.size()));
    while (text.ends_with('\n')) text.pop_back();
    const size_t line = text.rfind('\n');
    if (line != std::string::npos) text.erase(0, line + 1);
    const size_t colon = text.find(": ");
    const std::string name = text.substr(0, colon);
    return name == "train_coco" || name == "pretrain_imagenet" ? text.substr(colon + 2) : text;
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
    const std::string words = status == 0 ? "" : last_words(ended);
    if (status == 0) {
      set_state(job, JobState::kFinished, {});
    } else if (status == kDiverged) {
      create_directories(job.directory);
      replace_file(job.directory + "/failure.txt", words + "\n");
      set_state(job, JobState::kFailed, words);
    } else {
      set_state(job, JobState::kStopped,
                status > 128 ? fmt::format("ended by signal {}", status - 128) : words);
    }
    const double seconds = monotonic_seconds() - ended.start;
    progress_.ended(job, seconds,
                    job.reason.empty() ? name_of(job.state)
                                       : fmt::format("{} ({})", name_of(job.state), job.reason));
    if (status < kBadConfig || status > kExhausted) return;
    stop_all();
    const std::string sentence = fmt::format("{}: {}", job.id, words);
    if (status == kBadConfig) throw ConfigError(sentence);
    if (status == kBadData) throw IoError(sentence);
    throw ResourceError(sentence);
  }

  void stop_all() {
    for (const Running& running : running_) running.child->send(SIGTERM);
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
