#include "apps/study/runs/study_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace denovo::study {
namespace {

constexpr double kSecondsBetweenLines = 60;
constexpr int kBarWidth = 20;
/// Estimates weigh as much as this long a measurement.
constexpr double kPriorSeconds = 60;

double part_done(const Job& job) {
  if (job.is_over()) return 1;
  const auto own = static_cast<double>(job.last - job.first);
  return static_cast<double>(iteration_reached(job.directory, job.first) - job.first) / own;
}

std::string bar(double part) {
  const int filled = std::clamp(static_cast<int>(part * kBarWidth), 0, kBarWidth);
  return fmt::format("[{}{}{}]", std::string(static_cast<size_t>(filled), '='),
                     filled < kBarWidth ? ">" : "",
                     std::string(static_cast<size_t>(std::max(0, kBarWidth - 1 - filled)), ' '));
}

}  // namespace

double remaining_seconds(std::span<const Job> jobs, std::span<const double> done,
                         double seconds_spent, double estimated_of_spent, int at_a_time) {
  double estimated = 0;
  for (size_t i = 0; i < jobs.size(); ++i)
    estimated += jobs[i].estimated_seconds * (1 - std::min(1.0, done[i]));
  const double factor = (seconds_spent * at_a_time + kPriorSeconds) /
                        (std::max(0.0, estimated_of_spent) + kPriorSeconds);
  return estimated * factor / at_a_time;
}

StudyProgress::StudyProgress(std::span<const Job> jobs, int at_a_time, Logger& logger)
    : jobs_(jobs), at_a_time_(at_a_time), logger_(logger), start_(monotonic_seconds()) {
  for (const Job& job : jobs) done_before_.push_back(part_done(job));
  done_ = done_before_;
  last_line_ = start_;
}

void StudyProgress::update() {
  double spent = 0, total = 0, all_done = 0;
  size_t over = 0;
  std::string running;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    done_[i] = std::max(done_[i], part_done(job));
    spent += (done_[i] - done_before_[i]) * job.estimated_seconds;
    total += job.estimated_seconds;
    all_done += done_[i] * job.estimated_seconds;
    over += job.is_over();
    if (job.state == JobState::kRunning)
      running +=
          fmt::format("  {} {}/{}", job.id, iteration_reached(job.directory, job.first), job.last);
  }
  const double now = monotonic_seconds();
  eta_ = remaining_seconds(jobs_, done_, now - start_, spent, at_a_time_);
  const double part = total > 0 ? all_done / total : 1;
  const std::string numbers = fmt::format("{}/{} runs", over, jobs_.size());
  logger_.draw_live_line(fmt::format("study  {} {} {:.0f}%  eta {}{}", numbers, bar(part),
                                     100 * part, format_duration(eta_), running));
  if (logger_.terminal().live || now - last_line_ < kSecondsBetweenLines) return;
  last_line_ = now;
  logger_.info(fmt::format("study: {}, {:.0f}%, eta {},{}", numbers, 100 * part,
                           format_duration(eta_), running));
}

void StudyProgress::ended(const Job& job, double seconds, const std::string& outcome) {
  const auto over =
      std::count_if(jobs_.begin(), jobs_.end(), [](const Job& each) { return each.is_over(); });
  logger_.info(fmt::format("{}: {} after {} ({}/{}, eta {})", job.id, outcome,
                           format_duration(seconds), over, jobs_.size(), format_duration(eta_)));
}

}  // namespace denovo::study
