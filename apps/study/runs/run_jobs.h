// Runs the jobs of a study on this machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/study/plan/job.h"
#include "core/log/logger.h"

namespace denovo::study {

struct RunJobsOptions {
  int at_a_time = 1;
  std::string logs;  // folder of what each program printed
  /// Called when the state of a job has changed, and when its directory shows it; may be empty.
  std::function<void()> changed;
};

/// Runs all jobs that are not over, in order, each as soon as what it needs is there. A run that
/// was begun is resumed. Returns the signal that ended it, or 0.
///
///   - A program that says that training diverged has failed: failure.txt in its directory says
///     why, and the others go on. One that ended otherwise (by a signal, without a rank, for its
///     launcher's reasons, which end with status 1 too) is stopped: a later call resumes it.
///   - A launcher that cannot be run is a ConfigError.
///   - Bad data, a full disk or a bad configuration would meet the next run too: the running ones
///     are stopped with a checkpoint, and the sentence of the program is thrown as IoError,
///     ResourceError or ConfigError.
///   - A signal (core/files/signals.h) stops the running ones with a checkpoint.
///
/// Call from the main thread.
int run_jobs(std::vector<Job>& jobs, const RunJobsOptions& options, Logger& logger);

/// Jobs that are neither finished nor can be without another call, in words: "2 runs are missing:
/// a (killed by signal 9), b (...)"; empty when all are finished.
std::string missing_text(const std::vector<Job>& jobs);

}  // namespace denovo::study
