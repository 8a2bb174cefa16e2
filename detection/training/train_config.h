// Configuration of train_coco: what to train on, how long, and what to write. Keys are those of the
// config files; every default is the paper's scratch recipe on COCO unless its line says otherwise.
#pragma once

#include <string>
#include <vector>

#include "data/coco/training_view.h"
#include "data/evaluation/voc_evaluation.h"
#include "detection/config/model_file_config.h"
#include "nn/training/run_config.h"

namespace denovo::detection {

/// How a run's model starts; no part of what the model is.
struct StartConfig {
  std::string init;     // backbone weights: a safetensors file, empty: random
  std::string weights;  // whole detector
  int freeze_at = 0;

  void describe(ConfigFields& v);
};

struct DataConfig {
  std::string root;
  std::string train_annotations = "annotations/instances_train2017.json";
  std::string train_images = "train2017";
  std::string val_annotations = "annotations/instances_val2017.json";
  std::string val_images = "val2017";
  int max_train_images = 0;
  data::OnBadImage on_bad_image = data::OnBadImage::kStop;
  bool allow_parent_folders = false;
  double max_bad_fraction = 0.01;
  bool keep_empty_images = false;
  bool allow_changes = false;
  int workers = 2;
  int cache_mb = 1024;

  void describe(ConfigFields& v);
  /// Under root, as the file system joins them: an absolute one stands alone.
  std::string path(const std::string& relative) const;
  bool skip_bad_images() const { return on_bad_image == data::OnBadImage::kSkip; }
};

struct EvalConfig {
  int64_t period = 0;
  int patience = 0;
  int precise_bn_batches = 0;
  int max_images = 0;
  int train_images = 0;
  bool ignore_unknown_classes = false;
  bool loss = false;
  data::VocRule voc = data::VocRule::kNone;
  int pictures = 8;
  std::vector<double> keypoint_sigmas;

  void describe(ConfigFields& v);
};

struct TrainConfig {
  DataConfig data;
  InputConfig input;
  StartConfig start;  // its keys stand among those of model
  ModelConfig model;
  nn::SolverConfig solver;
  EvalConfig eval;
  nn::CheckpointConfig checkpoint;
  nn::LogConfig log;
  nn::DistConfig dist;
  int64_t seed = 1;

  void describe(ConfigFields& v);
  /// What of annotation files the model learns from and is scored on.
  data::DatasetPart dataset_part() const {
    return data::part_for(model.mask.enabled, model.keypoint.enabled);
  }
  /// Which instances and images training uses; check_data asks for the same.
  data::TrainingFilter training_filter() const;
  /// Throws ConfigError for combinations that cannot work, among them frozen layers or frozen norms
  /// over random weights: that costs 3 AP, and was hard to notice.
  void validate() const;
  /// What the engine needs of it.
  nn::RunConfig run_config() const {
    return {seed, solver,      checkpoint,    log,
            dist, eval.period, eval.patience, eval.precise_bn_batches};
  }
};

}  // namespace denovo::detection
