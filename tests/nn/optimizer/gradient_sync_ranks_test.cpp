#include <doctest/doctest.h>

#include "core/autograd/autograd.h"
#include "nn/layers/norm.h"
#include "nn/optimizer/gradient_sync.h"
#include "testing/ramp.h"
#include "testing/ranks.h"

using namespace denovo;
using denovo::testing::check_close;
using denovo::testing::group;
using denovo::testing::ramp;

namespace {

constexpr int kChannels = 3, kLayers = 4, kSamples = 3;  // samples on each rank

/// A tower of norms in f64; its gradients lie in an arena.
struct Tower {
  explicit Tower(ProcessGroup& ranks) {
    std::vector<ArenaLeaf> leaves;
    for (int i = 0; i < kLayers; ++i) {
      nn::Norm& norm = *norms.emplace_back(std::make_unique<nn::Norm>(
          kChannels, nn::NormOptions{.kind = nn::NormKind::kSyncBatchNorm}));
      norm.reallocate(DType::kF64, kCpu);
      norm.initialize(1);
      norm.join(ranks);
      norm.for_each_parameter([&](const std::string& name, const nn::Parameter& parameter) {
        copy(parameter.tensor(), ramp({kChannels}, 29 + 2 * i + (name == "bias")));
        leaves.push_back({std::to_string(i) + name, parameter.tensor()});
      });
    }
    arena = std::make_unique<Arena>(leaves);
  }
  void backward_of(const Tensor& x, const Tensor& grad) {
    Tensor y = x;
    for (const auto& norm : norms) y = norm->forward(y, false);
    backward(y, grad);
  }
  std::vector<std::unique_ptr<nn::Norm>> norms;
  std::unique_ptr<Arena> arena;
};

}  // namespace

TEST_CASE("ranks: many buckets, summed between the sums of SyncBN, are the gradients of one rank") {
  const int64_t total = int64_t{kSamples} * group().size(), begin = kSamples * group().rank();
  const Shape shape{total, 2, 3, kChannels};
  const Tensor x = ramp(shape, 31), grad = ramp(shape, 71);
  Tower one(ProcessGroup::alone()), ours(group());
  one.backward_of(x, grad);

  nn::GradientSync sync(*ours.arena, group(), 1);
  CHECK(sync.num_buckets() == 2 * kLayers);
  for (int repeat = 0; repeat < 20; ++repeat) {
    ours.arena->clear_gradients();
    sync.start();
    ours.backward_of(x.rows(begin, begin + kSamples), grad.rows(begin, begin + kSamples));
    sync.finish();
    check_close(ours.arena->gradients(), one.arena->gradients().to_vector<double>(), 1e-10);
  }
}
