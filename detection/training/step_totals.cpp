#include "detection/training/step_totals.h"

#include <iterator>
#include <span>

#include "core/files/signals.h"

namespace denovo::detection {
namespace {

constexpr size_t kNumCounts = 3;

}  // namespace

StepCounts counts_of(const data::Batch& batch) {
  StepCounts counts{.images = batch.count()};
  for (const int32_t c : batch.classes.to_vector<int32_t>()) counts.instances += c >= 0;
  const auto sizes = batch.image_sizes.to_vector<int32_t>();
  for (size_t i = 0; i < sizes.size(); i += 2) counts.pixels += int64_t{sizes[i]} * sizes[i + 1];
  return counts;
}

void StepTotals::add(const NamedLosses& losses, const data::Batch& batch) {
  if (names_.empty()) {
    for (const auto& [name, loss] : losses) names_.push_back(name);
    const size_t length = names_.size() + kNumCounts + std::size(kWatchedSignals);
    totals_ = Tensor::zeros({static_cast<int64_t>(length)}, DType::kF64, losses[0].second.device());
  }
  for (size_t i = 0; i < losses.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    accumulate(totals_.rows(row, row + 1), losses[i].second.view({1}));
  }
  const StepCounts counts = counts_of(batch);
  counts_.images += counts.images;
  counts_.instances += counts.instances;
  counts_.pixels += counts.pixels;
}

void StepTotals::all_reduce(ProcessGroup& group) {
  std::vector<double> others{static_cast<double>(counts_.images),
                             static_cast<double>(counts_.instances),
                             static_cast<double>(counts_.pixels)};
  const std::vector<double> signals = caught_signals();
  others.insert(others.end(), signals.begin(), signals.end());
  const auto length = static_cast<int64_t>(others.size());
  copy(totals_.rows(totals_.numel() - length, totals_.numel()),
       upload(Tensor::from({length}, others), totals_.device()));
  group.all_reduce(totals_);
  on_host_.emplace(totals_);
}

std::vector<Tensor> StepTotals::losses(DType dtype) const {
  const auto count = static_cast<int64_t>(names_.size());
  const Tensor all = totals_.rows(0, count).to(dtype);
  std::vector<Tensor> losses;
  for (int64_t i = 0; i < count; ++i) losses.push_back(all.rows(i, i + 1));
  return losses;
}

StepTotals::Values StepTotals::read() {
  const auto numbers = on_host_.value().get().to_vector<double>();
  Values values;
  for (size_t i = 0; i < names_.size(); ++i) values.losses.emplace_back(names_[i], numbers[i]);
  const auto others = std::span(numbers).subspan(names_.size());
  values.counts = {static_cast<int64_t>(others[0]), static_cast<int64_t>(others[1]),
                   static_cast<int64_t>(others[2])};
  values.signal = signal_of(others.subspan(kNumCounts));
  return values;
}

}  // namespace denovo::detection
