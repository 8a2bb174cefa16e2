// Object keypoint similarity: what keypoints have in place of an IoU.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace denovo::data {

/// The deviations that annotators of COCO show at its 17 keypoints, as shares of an object's size.
std::span<const double> coco_sigmas();

/// OKS = mean over the labelled keypoints k of the ground truth (v > 0) of
///
///   exp(-d_k^2 / ((2 sigma_k)^2 * (area + 2^-52) * 2))
///
/// with d_k the distance from the detection's keypoint. Where none is labelled the mean is over all
/// keypoints, with d_k the distance from the ground truth's box enlarged by itself on each side;
/// such objects are ignored, and absorb what lies about them.
///
/// pycocotools' computeOks to the last bit: its order of operations, numpy's sums, and the C
/// library's exp, which numpy uses but for processors with AVX-512. There numpy has its own, which
/// differs in the last digit of one value in 20; curves show that only where a similarity meets a
/// threshold exactly, in none of the 10,000 cases of tests/oracles/keypoint_eval.py.
class Oks {
 public:
  explicit Oks(std::span<const double> sigmas);

  size_t num_keypoints() const { return variances_.size(); }

  /// detection: x, y, anything for each keypoint. truth: x, y, v, or nothing, which is v = 0. box:
  /// x, y, width, height of the ground truth.
  double similarity(std::span<const double> detection, std::span<const double> truth,
                    const std::array<double, 4>& box, double area);

 private:
  std::vector<double> variances_;
  std::vector<double> terms_;  // of the similarity at work
};

/// Of the box around all keypoints of a detection: what pycocotools takes for its area.
double keypoint_area(std::span<const double> keypoints);

}  // namespace denovo::data
