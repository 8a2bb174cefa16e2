// Configuration of a study: which question is asked, on which grid, by which rules. Keys are those
// of configs/study/*.toml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/config_fields.h"

namespace denovo::study {

/// What all runs have in common.
struct DetectorSection {
  std::string config;                  // a configuration of train_coco
  std::vector<std::string> overrides;  // "section.key=value"

  void describe(ConfigFields& v);
};

/// The grid, and the rules of the verdicts.
struct GridSection {
  std::vector<std::string> arms = {"scratch=random"};
  std::vector<std::string> arm_overrides;
  std::vector<int> seed_offsets;
  std::vector<std::string> tune;
  bool allow_differences = false;
  std::vector<int> sizes = {0};
  std::vector<int> schedules;
  double max_epochs = 0;
  std::vector<int> drops;
  int seeds = 3;
  int64_t first_seed = 1;
  int evaluations = 5;
  int train_images = -1;
  double margin_ap = 1.0;
  double early_fraction = 0.2;
  int pretraining_uses = 1;
  int threads = 0;
  double images_per_second = 0;
  std::string launch;
  std::string sbatch;

  void describe(ConfigFields& v);
};

struct StudyConfig {
  DetectorSection detector;
  GridSection study;

  void describe(ConfigFields& v);
  /// Throws ConfigError for what is wrong without a look at any other file: no schedule, a list
  /// that does not ascend, drops beyond the shortest schedule, arms that are no NAME=START.
  void validate() const;

  /// study.drops, or where that is empty a third and a ninth of the shortest schedule (the paper's
  /// 60k and 20k of 180k). Iterations before the end, descending.
  std::vector<int> drops() const;
  int shortest() const { return study.schedules.front(); }
  int longest() const { return study.schedules.back(); }
};

/// One start of the trunk, as study.arms writes it.
struct Arm {
  enum class Start {
    kRandom,   // "scratch=random"
    kFile,     // "imagenet=weights/r50.safetensors"
    kPretrain  // "pretrained=configs/shapes/pretrain.toml": the study runs pretrain_imagenet first
  };
  std::string name;
  Start start = Start::kRandom;
  std::string source = {};                  // file; empty for kRandom
  std::vector<std::string> overrides = {};  // of study.arm_overrides, without the name
  int64_t seed_offset = 0;
};

/// The arms in the order of the configuration; the first is the reference. Throws ConfigError.
std::vector<Arm> arms_of(const StudyConfig& config);

/// nullptr: none has this name.
const Arm* find_arm(const std::vector<Arm>& arms, const std::string& name);

}  // namespace denovo::study
