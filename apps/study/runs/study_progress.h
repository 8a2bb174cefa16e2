// How far a study is: a line for each run that ends, and one for the whole.
#pragma once

#include <span>
#include <string>

#include "apps/study/plan/job.h"
#include "core/log/logger.h"

namespace denovo::study {

/// Seconds until all jobs are over, by what jobs have taken so far against their estimates; the
/// first minute trusts the estimates. `done` is the finished part of each job, 0 ... 1.
double remaining_seconds(std::span<const Job> jobs, std::span<const double> done,
                         double seconds_spent, double estimated_of_spent, int at_a_time);

class StudyProgress {
 public:
  StudyProgress(std::span<const Job> jobs, int at_a_time, Logger& logger);

  /// The live line, or through a pipe one plain line a minute:
  ///   study  12/36 runs [====>     ] 34%  eta 4:31  scratch-60-1200-s1 340/1200
  void update();
  /// A line for a job that has just ended, with what came out of it.
  void ended(const Job& job, double seconds, const std::string& outcome);
  double eta_seconds() const { return eta_; }

 private:
  std::span<const Job> jobs_;
  const int at_a_time_;
  Logger& logger_;
  std::vector<double> done_, done_before_;  // by job; before this process
  double start_, last_line_, eta_ = 0;
};

}  // namespace denovo::study
