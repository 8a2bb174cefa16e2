// Learning rate as a pure function of the iteration, so that a resumed run needs no state for it.
#pragma once

#include <cstdint>
#include <vector>

namespace denovo::nn {

enum class LrDecay { kStep, kCosine };

/// Linear warm-up, then steps or a cosine; defaults are detectron2's and Detectron's at batch 16.
struct LrSchedule {
  double base_lr = 0.02;
  int64_t max_iter = 90000;
  int64_t warmup_iters = 500;      // 0: no warm-up
  double warmup_factor = 1.0 / 3;  // of the first iteration
  LrDecay decay = LrDecay::kStep;
  double gamma = 0.1;                           // kStep: factor of each drop
  std::vector<int64_t> drops = {60000, 80000};  // kStep: first iterations at a lower rate
};

/// Throws ConfigError unless base_lr, gamma and warmup_factor are finite and not negative, max_iter
/// is positive, warmup_iters is not negative, and drops ascend strictly within [0, max_iter].
void check(const LrSchedule& schedule);

/// base_lr * warmup * decay at an iteration, counted from 0:
///   warmup = f (1 - a) + a with f = warmup_factor, a = iteration / warmup_iters below warmup_iters
///   decay  = gamma^(number of drops <= iteration), or (1 + cos(pi iteration / max_iter)) / 2
/// (detectron2's WarmupMultiStepLR and WarmupCosineLR).
double learning_rate(const LrSchedule& schedule, int64_t iteration);

/// The paper's drops for batch 16: 60k and 20k iterations before the end, whatever the length. Runs
/// shorter than 180k keep that run's proportions, 2/3 and 8/9 of the total, which at 90k are
/// Detectron's 60k and 80k; at 180k both rules agree.
std::vector<int64_t> paper_drops(int64_t max_iter);

}  // namespace denovo::nn
