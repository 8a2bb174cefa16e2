#include "nn/training/step_totals.h"

#include <iterator>

#include "core/files/signals.h"
#include "ops/gradient_norm/gradient_norm.h"

namespace denovo::nn {
namespace {

constexpr int64_t kNumCounts = 3, kFirstLoss = kNumCounts + std::ssize(kWatchedSignals);
constexpr int64_t kLength = kFirstLoss + ops::kMaxLosses;

}  // namespace

StepTotals::StepTotals(Device device) : totals_(Tensor::zeros({kLength}, DType::kF64, device)) {}

void StepTotals::start(const StepCounts& counts) const {
  std::vector<double> values{static_cast<double>(counts.images),
                             static_cast<double>(counts.instances),
                             static_cast<double>(counts.pixels)};
  const std::vector<double> signals = caught_signals();
  values.insert(values.end(), signals.begin(), signals.end());
  values.resize(static_cast<size_t>(kLength));
  upload_into(totals_, Tensor::from({kLength}, values));
}

void StepTotals::add(const NamedLosses& losses) {
  if (names_.empty()) {
    for (const auto& [name, loss] : losses) names_.push_back(name);
  }
  DENOVO_DCHECK(names_.size() == losses.size() && std::ssize(losses) <= ops::kMaxLosses);
  for (int64_t i = 0; i < std::ssize(losses); ++i) {
    const Tensor sum = totals_.rows(kFirstLoss + i, kFirstLoss + i + 1);
    accumulate(sum, losses[static_cast<size_t>(i)].second.view({1}));
  }
}

std::vector<Tensor> StepTotals::losses(DType dtype) const {
  const Tensor all = totals_.rows(kFirstLoss, kFirstLoss + std::ssize(names_)).to(dtype);
  std::vector<Tensor> losses;
  for (int64_t i = 0; i < all.size(0); ++i) losses.push_back(all.rows(i, i + 1));
  return losses;
}

StepTotals::Values StepTotals::read(HostCopy copy) const {
  const auto numbers = copy.get().to_vector<double>();
  const std::span all(numbers);
  Values values;
  values.counts = {static_cast<int64_t>(all[0]), static_cast<int64_t>(all[1]),
                   static_cast<int64_t>(all[2])};
  values.signal = signal_of(all.subspan(kNumCounts, std::size(kWatchedSignals)));
  for (size_t i = 0; i < names_.size(); ++i)
    values.losses.emplace_back(names_[i], all[static_cast<size_t>(kFirstLoss) + i]);
  return values;
}

}  // namespace denovo::nn
