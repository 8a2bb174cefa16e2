// What a study measured, and the grid on which it did: plain values, from wherever they come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
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
  std::vector<int64_t> schedules;   // iterations, ascending; the largest size has all of them
  std::vector<int64_t> seeds;
  double margin = 1;              // points of AP that count as "no worse"
  double early_fraction = 0.2;    // of the longest schedule
  bool only_init_differs = true;  // the arms' configurations are equal but for model.init
  /// Of sizes that have no longer one; every size has the shortest.
  std::map<int64_t, int64_t> longest_by_size = {};

  int64_t largest() const { return sizes.back(); }
  int64_t shortest() const { return schedules.front(); }
  int64_t longest() const { return schedules.back(); }
  int64_t longest(int64_t images) const {
    const auto found = longest_by_size.find(images);
    return found == longest_by_size.end() ? longest() : found->second;
  }
  std::vector<int64_t> schedules_of(int64_t images) const {
    return {schedules.begin(),
            std::upper_bound(schedules.begin(), schedules.end(), longest(images))};
  }
};

}  // namespace denovo::study
