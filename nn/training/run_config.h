// The part of a configuration that any run has, whatever it trains. Keys are those of the config
// files; defaults are the paper's scratch recipe on COCO.
#pragma once

#include <vector>

#include "core/config/config_fields.h"
#include "core/tensor/dtype.h"
#include "nn/schedule/lr_schedule.h"

namespace denovo::nn {

enum class LrRule {
  kPaper,   // drops at the last 60k and 20k iterations of batch 16 (paper_drops)
  kSteps,   // drops as SolverConfig::steps says
  kCosine,  // half a cosine, to 0
};
inline constexpr ChoiceName<LrRule> kLrRuleNames[] = {
    {LrRule::kPaper, "paper"}, {LrRule::kSteps, "steps"}, {LrRule::kCosine, "cosine"}};

enum class OptimizerKind { kSgd, kAdamw };
inline constexpr ChoiceName<OptimizerKind> kOptimizerNames[] = {{OptimizerKind::kSgd, "sgd"},
                                                                {OptimizerKind::kAdamw, "adamw"}};

enum class Precision {
  kF32,
  kTf32,  // on GPUs products round their operands
  kBF16,  // activations and products; weights, sums, statistics and losses stay f32
};
inline constexpr ChoiceName<Precision> kPrecisionNames[] = {
    {Precision::kF32, "f32"}, {Precision::kTf32, "tf32"}, {Precision::kBF16, "bf16"}};

struct SolverConfig {
  double base_lr = 0.02;
  int reference_batch = 16;
  int images_per_batch = 16;
  int accumulate = 1;
  int images_per_group = 2;
  int64_t max_iter = 270000;
  LrRule lr_schedule = LrRule::kPaper;
  std::vector<int> steps;
  double gamma = 0.1;
  int warmup_iters = 500;
  double warmup_factor = 1.0 / 3;
  OptimizerKind optimizer = OptimizerKind::kSgd;
  double momentum = 0.9;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 1e-4;
  double weight_decay_norm = 0;
  double bias_lr_factor = 1;
  double weight_decay_bias = 1e-4;
  double clip_gradient_norm = 0;
  double clip_value = 0;
  double ema_decay = 0;
  Precision precision = Precision::kF32;
  bool cuda_graph = false;
  bool autotune = false;
  int64_t checkpoint_period = 5000;

  void describe(ConfigFields& v);
  /// The learning rate by iteration: base_lr scaled linearly from reference_batch to
  /// images_per_batch, drops as steps say or by the paper's rule, counted in images.
  LrSchedule schedule() const;
  /// Of the network's input and activations; weights, gradients and losses are f32 always.
  DType dtype() const { return precision == Precision::kBF16 ? DType::kBF16 : DType::kF32; }
  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
  /// Throws ConfigError when so many ranks cannot train by this configuration.
  void validate_ranks(int ranks) const;
};

struct CheckpointConfig {
  int keep = 2;
  std::vector<int> at;

  void describe(ConfigFields& v);
};

struct LogConfig {
  int64_t period = 20;
  bool tensorboard = true;

  void describe(ConfigFields& v);
};

struct DistConfig {
  double timeout_seconds = 300;

  void describe(ConfigFields& v);
};

/// What the engine needs to know.
struct RunConfig {
  int64_t seed = 1;
  SolverConfig solver;
  CheckpointConfig checkpoint;
  LogConfig log;
  DistConfig dist;
  int64_t evaluation_period = 0;  // iterations; 0: only at the end
  int patience = 0;            // evaluations without a better score after which a run ends; 0: none
  int precise_bn_batches = 0;  // whose statistics the norms have in an evaluation; 0: running ones

  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
};

}  // namespace denovo::nn
