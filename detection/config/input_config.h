// How images become the input of a network, in training and at test time.
#pragma once

#include <vector>

#include "core/config/config_fields.h"
#include "data/loading/input_rule.h"

namespace denovo::detection {

struct InputConfig {
  std::vector<int> min_size_train{800};
  int min_size_test = 800;
  int max_size = 1333;
  bool flip = true;
  data::Padding padding = data::Padding::kBucket;
  int jitter_size = 0;
  std::vector<double> jitter_scales{0.1, 2.0};

  void describe(ConfigFields& v);
  /// Throws ConfigError for combinations that cannot work.
  void validate() const;
  /// How training images become network inputs, and how those of evaluation do.
  data::InputRule train_rule() const;
  data::InputRule test_rule() const;
};

}  // namespace denovo::detection
