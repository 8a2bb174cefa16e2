#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "core/autograd/autograd.h"
#include "nn/layers/norm.h"
#include "nn/state_dict.h"
#include "testing/ramp.h"
#include "testing/ranks.h"

using namespace denovo;
using denovo::testing::check_close;
using denovo::testing::group;
using denovo::testing::ramp;

namespace {

constexpr int kChannels = 3;

/// Sums over some 60 terms of either side, in other orders.
constexpr double kTolerance = 1e-12;

struct Layer {
  explicit Layer(nn::NormKind kind) : norm(kChannels, {.kind = kind}) {
    norm.reallocate(DType::kF64, kCpu);
    norm.initialize(1);
    norm.for_each_parameter([](const std::string& name, const nn::Parameter& parameter) {
      copy(parameter.tensor(), ramp({kChannels}, name == "weight" ? 29 : 43));
    });
  }
  Tensor tensor(const std::string& name) const {
    for (const auto& [key, value] : nn::state_dict(norm))
      if (key == name) return value;
    return {};
  }
  Tensor gradient(const std::string& name) const {
    Tensor gradient;
    norm.for_each_parameter([&](const std::string& key, const nn::Parameter& parameter) {
      if (key == name) gradient = parameter.tensor().grad();
    });
    return gradient;
  }
  nn::Norm norm;
};

/// Rows [begin, end) as doubles.
std::vector<double> rows_of(const Tensor& x, int64_t begin, int64_t end) {
  return x.rows(begin, end).to_vector<double>();
}

/// Samples of the joined batch, some of them empty slots, dealt by the given counts.
void check_equals_joined(const std::vector<int64_t>& counts, bool relu) {
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  const Shape shape{total, 2, 3, kChannels};
  const Tensor x = ramp(shape, 31), residual = ramp(shape, 17), grad = ramp(shape, 71);
  std::vector<int32_t> valid;
  for (int64_t i = 0; i < total; ++i) valid.push_back(i % 4 == 2 ? -1 : 0);
  const Tensor slots = Tensor::from({total}, valid);

  const Layer one(nn::NormKind::kBatchNorm);
  Layer ours(nn::NormKind::kSyncBatchNorm);
  ours.norm.join(group());
  const Tensor joined = x.clone().set_requires_grad(true);
  const Tensor y = one.norm.forward(joined, relu, residual, slots);
  backward(y, grad);

  const auto rank = static_cast<size_t>(group().rank());
  const int64_t begin = std::accumulate(counts.begin(), counts.begin() + rank, int64_t{0}),
                end = begin + counts[rank];
  const Tensor part = x.rows(begin, end).clone().set_requires_grad(true);
  const Tensor own =
      ours.norm.forward(part, relu, residual.rows(begin, end), slots.rows(begin, end));
  backward(own, grad.rows(begin, end));

  check_close(own, rows_of(y, begin, end), kTolerance);
  check_close(part.grad(), rows_of(joined.grad(), begin, end), kTolerance);
  for (const char* name : {"weight", "bias"}) {
    const Tensor sum = ours.gradient(name).clone();
    group().all_reduce(sum);
    check_close(sum, one.gradient(name).to_vector<double>(), kTolerance);
  }
  for (const char* name : {"running_mean", "running_var"})
    check_close(ours.tensor(name), one.tensor(name).to_vector<double>(), kTolerance);
}

}  // namespace

TEST_CASE("ranks: SyncBN equals one rank with the joined batch, values and gradients") {
  std::vector<int64_t> equal(static_cast<size_t>(group().size()), 3), uneven, one_empty = equal;
  for (int r = 0; r < group().size(); ++r) uneven.push_back(1 + 2 * r);
  one_empty.back() = 0;
  for (const bool relu : {false, true}) {
    check_equals_joined(equal, relu);
    check_equals_joined(uneven, relu);
    check_equals_joined(one_empty, relu);
  }
}

TEST_CASE("ranks: SyncBN at test time and with frozen parameters exchanges nothing") {
  Layer layer(nn::NormKind::kSyncBatchNorm);
  layer.norm.join(group());
  layer.norm.train(false);
  // A sum of this rank alone would hang.
  if (group().rank() == 0) layer.norm.forward(ramp({2, 2, 2, kChannels}), false);
  layer.norm.train(true);
  layer.norm.set_trainable(false);
  if (group().rank() == 0) layer.norm.forward(ramp({2, 2, 2, kChannels}), false);
}
