// What a study measured, and the grid on which it did: plain values, from wherever they come.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace denovo::study {

/// Points of AP (percent); NaN: undefined.
struct Scores {
  double ap = 0, ap50 = 0, ap75 = 0;
};

struct CurvePoint {
  int64_t iteration = 0;
  double ap = 0;
};

/// One run.
struct Measurement {
  std::string arm;
  int64_t images = 0, schedule = 0, seed = 0;
  bool finished = false;               // false: still to run, interrupted, or diverged
  Scores final;                        // on the validation set, at the end
  double train_ap = 0;                 // on as many training images, at the end
  std::vector<CurvePoint> curve = {};  // on the validation set, ascending iterations
  /// Of keypoints, as `final` is of boxes.
  double keypoint_ap = std::numeric_limits<double>::quiet_NaN();
};

/// Runs of one seed are a pair: the same subset in the same order under two arms.
struct Design {
  std::string reference;            // the arm with random weights
  std::vector<std::string> others;  // pre-trained arms
  std::vector<int64_t> sizes;       // images, ascending
  std::vector<int64_t> schedules;   // iterations, ascending
  std::vector<int64_t> seeds;
  double margin = 1;              // points of AP that count as "no worse"
  double early_fraction = 0.2;    // of the longest schedule
  bool only_init_differs = true;  // the arms' configurations are equal but for model.init

  int64_t largest() const { return sizes.back(); }
  int64_t shortest() const { return schedules.front(); }
  int64_t longest() const { return schedules.back(); }
};

}  // namespace denovo::study
