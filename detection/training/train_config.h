// Configuration of train_coco: what to train on, how long, and what to write. Keys are those of the
// config files; every default is the paper's scratch recipe on COCO unless its line says otherwise.
#pragma once

#include <string>
#include <vector>

#include "core/dtype.h"
#include "data/coco/training_view.h"
#include "data/loading/input_rule.h"
#include "detection/model/model_config.h"
#include "nn/schedule/lr_schedule.h"

namespace denovo::detection {

struct DataConfig {
  std::string root;
  std::string train_annotations = "annotations/instances_train2017.json";
  std::string train_images = "train2017";
  std::string val_annotations = "annotations/instances_val2017.json";
  std::string val_images = "val2017";
  int max_train_images = 0;
  std::string on_bad_image = "stop";
  bool allow_parent_folders = false;
  double max_bad_fraction = 0.01;
  bool keep_empty_images = false;
  bool allow_changes = false;
  int workers = 2;
  int cache_mb = 1024;

  void describe(ConfigFields& v);
  /// root + "/" + path, or path when it is absolute or root is empty.
  std::string path(const std::string& relative) const;
  bool skip_bad_images() const { return on_bad_image == "skip"; }
};

struct InputConfig {
  std::vector<int> min_size_train{800};
  int min_size_test = 800;
  int max_size = 1333;
  bool flip = true;
  std::string padding = "bucket";

  void describe(ConfigFields& v);
  /// How training images become network inputs, and how those of evaluation do.
  data::InputRule train_rule() const;
  data::InputRule test_rule() const;
};

struct SolverConfig {
  double base_lr = 0.02;
  int reference_batch = 16;
  int images_per_batch = 16;
  int accumulate = 1;
  int images_per_group = 2;
  int64_t max_iter = 270000;
  std::string lr_schedule = "paper";
  std::vector<int> steps;
  double gamma = 0.1;
  int warmup_iters = 500;
  double warmup_factor = 1.0 / 3;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  double weight_decay_norm = 0;
  double bias_lr_factor = 1;
  double weight_decay_bias = 1e-4;
  double clip_gradient_norm = 0;
  std::string precision = "f32";
  bool cuda_graph = false;
  bool autotune = false;
  int64_t checkpoint_period = 5000;

  void describe(ConfigFields& v);
  /// The learning rate by iteration: base_lr scaled linearly from reference_batch to
  /// images_per_batch, drops as steps say or by the paper's rule, counted in images.
  nn::LrSchedule schedule() const;
  /// Of the network's input and activations; weights, gradients and losses are f32 always.
  DType dtype() const { return precision == "bf16" ? DType::kBF16 : DType::kF32; }
};

struct EvalConfig {
  int64_t period = 0;
  int max_images = 0;
  bool ignore_unknown_classes = false;
  bool loss = false;
  int pictures = 8;

  void describe(ConfigFields& v);
};

struct CheckpointConfig {
  int keep = 2;

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

struct TrainConfig {
  DataConfig data;
  InputConfig input;
  ModelConfig model;
  SolverConfig solver;
  EvalConfig eval;
  CheckpointConfig checkpoint;
  LogConfig log;
  DistConfig dist;
  int64_t seed = 1;

  void describe(ConfigFields& v);
  /// Which instances and images training uses; check_data asks for the same.
  data::TrainingFilter training_filter() const;
  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
  /// Throws ConfigError when the batch cannot be dealt to so many ranks.
  void validate_ranks(int ranks) const;
};

}  // namespace denovo::detection
