#include "nn/schedule/lr_schedule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace denovo::nn {
namespace {

void require_not_negative(const char* what, double value) {
  if (std::isfinite(value) && value >= 0) return;
  throw ConfigError(
      fmt::format("lr_schedule: {} must be finite and not negative, got {}", what, value));
}

double warmup(const LrSchedule& schedule, int64_t iteration) {
  if (iteration >= schedule.warmup_iters) return 1;
  const double a = static_cast<double>(iteration) / static_cast<double>(schedule.warmup_iters);
  return schedule.warmup_factor * (1 - a) + a;
}

double decay(const LrSchedule& schedule, int64_t iteration) {
  if (schedule.decay == LrDecay::kCosine) {
    const double progress = static_cast<double>(iteration) / static_cast<double>(schedule.max_iter);
    return 0.5 * (1 + std::cos(std::numbers::pi * std::min(progress, 1.0)));
  }
  double factor = 1;
  for (const int64_t drop : schedule.drops) {
    if (drop <= iteration) factor *= schedule.gamma;
  }
  return factor;
}

}  // namespace

void check(const LrSchedule& schedule) {
  require_not_negative("base_lr", schedule.base_lr);
  require_not_negative("gamma", schedule.gamma);
  require_not_negative("warmup_factor", schedule.warmup_factor);
  if (schedule.max_iter < 1) {
    throw ConfigError(
        fmt::format("lr_schedule: max_iter must be positive, got {}", schedule.max_iter));
  }
  if (schedule.warmup_iters < 0) {
    throw ConfigError(fmt::format("lr_schedule: warmup_iters must not be negative, got {}",
                                  schedule.warmup_iters));
  }
  int64_t previous = -1;
  for (const int64_t drop : schedule.drops) {
    if (drop <= previous || drop > schedule.max_iter) {
      throw ConfigError(fmt::format("lr_schedule: drops must ascend within [0, {}], got [{}]",
                                    schedule.max_iter, fmt::join(schedule.drops, ", ")));
    }
    previous = drop;
  }
}

double learning_rate(const LrSchedule& schedule, int64_t iteration) {
  return schedule.base_lr * warmup(schedule, iteration) * decay(schedule, iteration);
}

std::vector<int64_t> paper_drops(int64_t max_iter) {
  return {std::max(max_iter - 60000, max_iter * 2 / 3),
          std::max(max_iter - 20000, max_iter * 8 / 9)};
}

}  // namespace denovo::nn
