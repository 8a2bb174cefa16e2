#include "nn/training/run_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace denovo::nn {

void SolverConfig::describe(ConfigFields& v) {
  v("base_lr", base_lr, "learning rate at reference_batch; scaled linearly with images_per_batch")
      .non_negative();
  v("reference_batch", reference_batch,
    "batch that base_lr and the paper's schedule are stated for")
      .positive();
  v("images_per_batch", images_per_batch, "images per update, over all ranks and accumulation")
      .positive();
  v("accumulate", accumulate, "micro-batches per update; must divide images_per_batch").positive();
  v("images_per_group", images_per_group,
    "images over which losses are normalised together (the paper's batch per GPU)")
      .positive();
  v("max_iter", max_iter, "updates").positive();
  v.choice(
      "lr_schedule", lr_schedule, kLrRuleNames,
      "paper: drops at the last 60k and 20k of batch-16 iterations; steps: as solver.steps says; "
      "cosine: half a cosine, to 0");
  v("steps", steps,
    "iterations at which the rate is multiplied by gamma, for lr_schedule = \"steps\"")
      .positive();
  v("gamma", gamma, "factor of a drop").range(0, 1);
  v("warmup_iters", warmup_iters, "iterations of linear warm-up").non_negative();
  v("warmup_factor", warmup_factor, "factor at its start").range(0, 1);
  v.choice("optimizer", optimizer, kOptimizerNames,
           "sgd: with momentum; adamw: Adam with decoupled weight decay");
  v("momentum", momentum, "momentum of SGD").range(0, 1);
  v("beta1", beta1, "AdamW: decay of the running mean of gradients").range(0, 1);
  v("beta2", beta2, "AdamW: decay of the running mean of their squares").range(0, 1);
  v("eps", eps, "AdamW: added to the root of that mean").positive();
  v("weight_decay", weight_decay, "weight decay of weights").non_negative();
  v("weight_decay_norm", weight_decay_norm, "weight decay of norm parameters").non_negative();
  v("bias_lr_factor", bias_lr_factor, "learning rate factor of biases (Detectron: 2)")
      .non_negative();
  v("weight_decay_bias", weight_decay_bias, "weight decay of biases (Detectron: 0)").non_negative();
  v("clip_gradient_norm", clip_gradient_norm, "largest L2 norm of the gradient; 0: no limit")
      .non_negative();
  v("clip_value", clip_value,
    "largest magnitude of an element of the gradient, in place of clip_gradient_norm; 0: no limit")
      .non_negative();
  v("ema_decay", ema_decay,
    "decay of a moving average of the weights, which is evaluated and saved in place of them; 0: "
    "none")
      .range(0, 1);
  v.choice(
      "precision", precision, kPrecisionNames,
      "of activations and products: f32; tf32 rounds the operands of products on GPUs; bf16 keeps "
      "weights, sums, statistics and losses in f32");
  v("cuda_graph", cuda_graph,
    "on one GPU: record the update of each image shape as a CUDA graph and replay it; same results")
      .harmless();
  v("autotune", autotune,
    "on GPUs: measure cuDNN's engines for each convolution once and keep the fastest, in "
    "RUN/convolutions.txt; other engines, other last bits");
  v("checkpoint_period", checkpoint_period, "iterations between checkpoints").positive().harmless();
}

LrSchedule SolverConfig::schedule() const {
  LrSchedule schedule{.base_lr = base_lr * images_per_batch / reference_batch,
                      .max_iter = max_iter,
                      .warmup_iters = warmup_iters,
                      .warmup_factor = warmup_factor,
                      .gamma = gamma};
  if (lr_schedule == LrRule::kCosine) {
    schedule.decay = LrDecay::kCosine;
    schedule.drops.clear();
    return schedule;
  }
  if (lr_schedule == LrRule::kSteps) {
    schedule.drops = {steps.begin(), steps.end()};
    return schedule;
  }
  // In iterations of the reference batch; short schedules keep the proportions of the paper's
  // shortest.
  const double batches = static_cast<double>(images_per_batch) / reference_batch;
  const int64_t reference_iter =
      std::max<int64_t>(180000, std::llround(static_cast<double>(max_iter) * batches));
  schedule.drops.clear();
  for (const int64_t drop : paper_drops(reference_iter)) {
    const auto at =
        static_cast<int64_t>(static_cast<double>(drop) / static_cast<double>(reference_iter) *
                             static_cast<double>(max_iter));
    if (schedule.drops.empty() || at > schedule.drops.back()) schedule.drops.push_back(at);
  }
  return schedule;
}

void SolverConfig::validate() const {
  validate_ranks(1);
  check(schedule());
  if (clip_gradient_norm > 0 && clip_value > 0) {
    throw ConfigError(
        fmt::format("config: solver.clip_gradient_norm and solver.clip_value must not both be set, "
                    "got {} and {}",
                    clip_gradient_norm, clip_value));
  }
  for (const auto& [key, value] : {std::pair{"momentum", momentum}, std::pair{"beta1", beta1},
                                   std::pair{"beta2", beta2}, std::pair{"ema_decay", ema_decay}}) {
    if (value >= 1)
      throw ConfigError(fmt::format("config: solver.{} must be below 1, got {}", key, value));
  }
}

void SolverConfig::validate_ranks(int ranks) const {
  // Sums over ranks are watched by the host, which a record leaves out.
  if (cuda_graph && ranks > 1)
    throw ConfigError(fmt::format(
        "config: solver.cuda_graph = true needs a run of one rank, got {}; set it to false",
        ranks));
  const int images = images_per_batch;
  if (images % accumulate != 0) {
    throw ConfigError(
        fmt::format("config: solver.accumulate must divide solver.images_per_batch = {}, got {}",
                    images, accumulate));
  }
  if (images / accumulate % ranks != 0) {
    throw ConfigError(fmt::format(
        "config: solver.images_per_batch / solver.accumulate = {} must be a multiple of the ranks, "
        "got {}",
        images / accumulate, ranks));
  }
  const int micro_batch = images / accumulate / ranks;
  // Also when a micro-batch is smaller than a group: neither accumulation nor ranks may change the
  // objective.
  if (micro_batch % std::min(images, images_per_group) != 0) {
    throw ConfigError(
        fmt::format("config: solver.images_per_group must divide the {} images of a "
                    "micro-batch{}, got {}",
                    micro_batch, ranks > 1 ? fmt::format(" on each of {} ranks", ranks) : "",
                    images_per_group));
  }
}

void RunConfig::validate() const {
  solver.validate();
  if (patience > 0 && evaluation_period == 0) {
    throw ConfigError(fmt::format(
        "config: eval.patience = {} needs evaluations to count; set eval.period, got 0", patience));
  }
}

void CheckpointConfig::describe(ConfigFields& v) {
  v("keep", keep, "newest checkpoints kept, besides the best").positive().harmless();
  v("at", at, "iterations whose checkpoints are written besides and kept, for branches")
      .positive()
      .harmless();
}

void LogConfig::describe(ConfigFields& v) {
  v("period", period, "iterations between metrics").positive().harmless();
  v("tensorboard", tensorboard, "write TensorBoard events").harmless();
}

void DistConfig::describe(ConfigFields& v) {
  v("timeout_seconds", timeout_seconds,
    "under mpirun: how long a rank waits for the others before it ends the job")
      .positive()
      .harmless();
}

}  // namespace denovo::nn
