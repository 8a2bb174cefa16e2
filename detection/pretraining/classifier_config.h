// Configuration of pre-training: an image classifier with the detector's trunk on a folder per
// class. Defaults are the recipe of ImageNet's ResNets (He et al., 2016): batch 256, rate 0.1.
#pragma once

#include <string>

#include "data/classification/classification_loader.h"
#include "data/loading/input_rule.h"
#include "detection/config/model_config.h"
#include "nn/training/run_config.h"

namespace denovo::detection {

struct ClassifierDataConfig {
  std::string root;
  std::string train = "train";
  std::string val = "val";
  data::OnBadImage on_bad_image = data::OnBadImage::kStop;
  int workers = 2;
  int cache_mb = 1024;

  void describe(ConfigFields& v);
  /// Under root, as the file system joins them: an absolute one stands alone.
  std::string path(const std::string& folder) const;
};

struct ClassifierInputConfig {
  int size = 224;
  double min_scale = 0.08;
  bool flip = true;
  double brightness = 0, contrast = 0, saturation = 0;

  void describe(ConfigFields& v);
};

/// Between the trunk and the scores: the mean over the last map for a ResNet; for a VGG fc6 and
/// fc7 on 7 x 7 means, resolution = 7, fcs = 2, dropout = 0.5.
struct ClassifierHeadConfig {
  int resolution = 1;
  int fcs = 0, fc_channels = 4096;
  InitKind fc_init = InitKind::kXavier;
  double dropout = 0;

  void describe(ConfigFields& v);
  nn::FcOptions fc() const {
    return {fcs, fc_channels, resolution, fc_init == InitKind::kMsra, dropout};
  }
};

struct ClassifierModelConfig {
  BackboneConfig backbone;  // of which the pyramid's keys do not count
  ClassifierHeadConfig head;
  PixelConfig pixel;

  void describe(ConfigFields& v);
};

struct ClassifierLossConfig {
  double label_smoothing = 0;

  void describe(ConfigFields& v);
};

struct ClassifierEvalConfig {
  int64_t period = 0;
  int patience = 0;
  int precise_bn_batches = 0;

  void describe(ConfigFields& v);
};

/// Batch 256, rate 0.1, half a cosine.
nn::SolverConfig imagenet_solver();

struct ClassifierConfig {
  ClassifierDataConfig data;
  ClassifierInputConfig input;
  ClassifierModelConfig model;
  ClassifierLossConfig loss;
  nn::SolverConfig solver = imagenet_solver();
  ClassifierEvalConfig eval;
  nn::CheckpointConfig checkpoint;
  nn::LogConfig log;
  nn::DistConfig dist;
  int64_t seed = 1;

  void describe(ConfigFields& v);
  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
  /// What the engine needs of it.
  nn::RunConfig run_config() const {
    return {seed, solver,      checkpoint,    log,
            dist, eval.period, eval.patience, eval.precise_bn_batches};
  }
  /// The loader's options for a run of so many ranks.
  data::ClassificationOptions loader_options(int ranks) const;
};

}  // namespace denovo::detection
