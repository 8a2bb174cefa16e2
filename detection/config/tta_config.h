// Test-time augmentation: the ways in which an image is looked at, and how what is found in them is
// joined. No part of a model or of a run: the programs that detect take its keys.
#pragma once

#include <vector>

#include "core/config/config_fields.h"
#include "data/loading/input_rule.h"

namespace denovo::detection {

/// One way to look at an image.
struct TtaPass {
  data::InputRule rule;
  bool mirrored = false;
};

/// The defaults are Detectron's (configs/test_time_aug): of short sides of 800 pixels those of 400
/// to 1200, long sides up to 2000, each mirrored too, and box voting at 0.9.
struct TtaConfig {
  std::vector<double> scales{0.5, 0.625, 0.75, 0.875, 1, 1.125, 1.25, 1.375, 1.5};
  bool flip = true;
  int max_size = 0;
  double vote_iou = 0.9;

  void describe(ConfigFields& v);
  /// The passes over an image that a plain one looks at by `rule`; the first, in whose pixels the
  /// result is, is the plain one where scale 1 is among the scales.
  std::vector<TtaPass> passes(const data::InputRule& rule) const;
};

/// The keys of programs that detect: test.tta.scales, …
struct TestTimeConfig {
  TtaConfig tta;

  void describe(ConfigFields& v) {
    v.section("test.tta", tta, "test-time augmentation, with --tta");
  }
};

}  // namespace denovo::detection
