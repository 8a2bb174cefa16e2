// A run directory of train_coco or pretrain_imagenet, as a comparison needs it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/log/read_metrics.h"
#include "nn/training/training_totals.h"

namespace denovo::comparison {

enum class RunKind { kDetector, kClassifier };

struct ComparedRun {
  std::string path, name;  // name: shortest_names
  RunKind kind = RunKind::kDetector;
  bool finished = false;
  std::vector<MetricsLine> training, evaluations;  // ascending iterations
  nn::TrainingTotals totals;
  std::vector<std::pair<std::string, std::string>> config;  // key and value as TOML, all keys

  /// The evaluation with the highest `score`; nullptr where none has it.
  const MetricsLine* best(const std::string& score) const;
  /// The last that has it.
  const MetricsLine* last(const std::string& score) const;
};

/// Reads runs of one kind, finished or not. Throws ConfigError for a directory that holds no run,
/// one that is named twice, and runs of different kinds; IoError and ConfigError for files that
/// cannot be read.
std::vector<ComparedRun> read_runs(const std::vector<std::string>& paths);

/// For each path its shortest end, in whole names, that no other path ends in.
std::vector<std::string> shortest_names(const std::vector<std::string>& paths);

/// A key whose values are not equal in all runs, with the value of each.
struct ConfigRow {
  std::string key;
  std::vector<std::string> values;
};
std::vector<ConfigRow> config_rows(const std::vector<ComparedRun>& runs);

}  // namespace denovo::comparison
