#include "data/evaluation/oks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/coco/keypoints.h"
#include "data/evaluation/numpy_sums.h"

namespace denovo::data {
namespace {

constexpr double kSpacing = std::numeric_limits<double>::epsilon();  // numpy.spacing(1)

/// From the nearest point of [low, high].
double distance_to(double low, double high, double at) {
  return std::max(0.0, low - at) + std::max(0.0, at - high);
}

}  // namespace

std::span<const double> coco_sigmas() {
  // Tenths, divided, as the reference writes them: 0.26 / 10 is not 0.026 in every digit.
  static const std::vector<double> kSigmas = [] {
    std::vector<double> sigmas = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                  .62, .62, 1.07, 1.07, .87, .87, .89, .89};
    for (double& sigma : sigmas) sigma /= 10.0;
    return sigmas;
  }();
  return kSigmas;
}

Oks::Oks(std::span<const double> sigmas) {
  for (const double sigma : sigmas) variances_.push_back((sigma * 2) * (sigma * 2));
}

double Oks::similarity(std::span<const double> detection, std::span<const double> truth,
                       const std::array<double, 4>& box, double area) {
  const bool labelled = count_labelled(truth) > 0;
  const double x0 = box[0] - box[2], x1 = box[0] + box[2] * 2;
  const double y0 = box[1] - box[3], y1 = box[1] + box[3] * 2;
  terms_.clear();
  for (size_t k = 0; k < variances_.size(); ++k) {
    const double x = detection[3 * k], y = detection[3 * k + 1];
    if (labelled && !(truth[3 * k + 2] > 0)) continue;
    const double dx = labelled ? x - truth[3 * k] : distance_to(x0, x1, x);
    const double dy = labelled ? y - truth[3 * k + 1] : distance_to(y0, y1, y);
    const double e = (dx * dx + dy * dy) / variances_[k] / (area + kSpacing) / 2;
    terms_.push_back(std::exp(-e));
  }
  return numpy_sum(terms_) / static_cast<double>(terms_.size());
}

double keypoint_area(std::span<const double> keypoints) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (size_t i = 0; i < keypoints.size(); i += 3)
    for (size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], keypoints[i + axis]);
      high[axis] = std::max(high[axis], keypoints[i + axis]);
    }
  return (high[0] - low[0]) * (high[1] - low[1]);
}

}  // namespace denovo::data
