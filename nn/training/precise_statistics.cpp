#include "nn/training/precise_statistics.h"

#include <algorithm>

#include "ops/batch_norm/batch_norm.h"

namespace denovo::nn {
namespace {

/// What a batch made of statistics that were 0: momentum times its own.
constexpr double kShare = ops::BatchNormOptions{}.momentum;

Tensor as_statistic(const std::vector<double>& values, const Tensor& like) {
  return Tensor::from({std::ssize(values)}, values).to(like.dtype()).to(like.device());
}

}  // namespace

PreciseStatistics::PreciseStatistics(const Module& model) {
  model.for_each_module([&](const Module& module) {
    const auto* norm = dynamic_cast<const Norm*>(&module);
    if (!norm || !norm->learns_statistics()) return;
    const Norm::Tensors tensors = norm->tensors();
    const auto channels = static_cast<size_t>(tensors.running_mean.numel());
    norms_.push_back({tensors, tensors.running_mean.clone(), tensors.running_var.clone(),
                      std::vector<double>(channels), std::vector<double>(channels)});
  });
}

PreciseStatistics::~PreciseStatistics() {
  for (const Sums& norm : norms_) {
    copy(norm.tensors.running_mean, norm.old_mean);
    copy(norm.tensors.running_var, norm.old_var);
  }
}

void PreciseStatistics::add(const std::function<void()>& forward) {
  for (const Sums& norm : norms_) {
    fill(norm.tensors.running_mean, 0);
    fill(norm.tensors.running_var, 0);
  }
  forward();
  for (Sums& norm : norms_) {
    const auto mean = norm.tensors.running_mean.to_vector<double>(),
               var = norm.tensors.running_var.to_vector<double>();
    const auto is_zero = [](double value) { return value == 0; };
    if (std::all_of(mean.begin(), mean.end(), is_zero) &&
        std::all_of(var.begin(), var.end(), is_zero))
      continue;
    ++norm.batches;
    for (size_t c = 0; c < mean.size(); ++c) {
      norm.mean[c] += mean[c] / kShare;
      norm.var[c] += var[c] / kShare;
    }
  }
}

void PreciseStatistics::finish() {
  for (Sums& norm : norms_) {
    if (norm.batches == 0) continue;
    for (size_t c = 0; c < norm.mean.size(); ++c) {
      norm.mean[c] /= static_cast<double>(norm.batches);
      norm.var[c] /= static_cast<double>(norm.batches);
    }
    norm.old_mean = as_statistic(norm.mean, norm.old_mean);
    norm.old_var = as_statistic(norm.var, norm.old_var);
  }
}

}  // namespace denovo::nn
