#include "apps/study/statistics/image_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/kernels/random.h"
#include "data/evaluation/resampled_evaluation.h"

namespace denovo::study {
namespace {

using data::ResampledEvaluation;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double difference(const ResampledEvaluation& scratch, const ResampledEvaluation& other,
                  std::span<const int> copies) {
  const double left = scratch.ap(copies);
  return left < 0 ? kNan : 100 * (left - other.ap(copies));
}

/// How often draw `index` holds each of `num_images` images.
std::vector<int> draw_copies(std::span<const int> images, size_t num_images, uint64_t seed,
                             int index) {
  const RandomStream stream{seed, RandomPurpose::kImageBootstrap, 0, static_cast<uint32_t>(index)};
  const auto n = static_cast<uint32_t>(images.size());
  std::vector<int> copies(num_images);
  for (uint32_t i = 0; i < n; ++i) ++copies[images[stream.below(i, n)]];
  return copies;
}

double percentile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

BootstrapDifference bootstrap_difference(const data::CocoDataset& ground_truth,
                                         std::span<const data::Detection> scratch,
                                         std::span<const data::Detection> other,
                                         data::IouType iou_type,
                                         const data::EvaluationOptions& options, int draws,
                                         uint64_t seed) {
  const ResampledEvaluation left(ground_truth, scratch, iou_type, options);
  const ResampledEvaluation right(ground_truth, other, iou_type, options);
  const size_t num_images = ground_truth.images().size();
  std::vector<int> images(num_images);
  std::iota(images.begin(), images.end(), 0);
  if (options.images) images = *options.images;

  std::vector<int> once(num_images);
  for (const int image : images) once[image] = 1;
  std::vector<double> drawn(draws);
#pragma omp parallel for schedule(dynamic)
  for (int i = 0; i < draws; ++i)
    drawn[i] = difference(left, right, draw_copies(images, num_images, seed, i));
  std::erase_if(drawn, [](double value) { return std::isnan(value); });
  std::sort(drawn.begin(), drawn.end());

  BootstrapDifference result{.estimate = difference(left, right, once),
                             .interval = std::nullopt,
                             .num_defined = static_cast<int>(drawn.size())};
  constexpr double kTail = (1 - kConfidence) / 2;
  if (!drawn.empty()) result.interval = {percentile(drawn, kTail), percentile(drawn, 1 - kTail)};
  return result;
}

}  // namespace denovo::study
