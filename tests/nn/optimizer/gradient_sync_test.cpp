#include "nn/optimizer/gradient_sync.h"

#include <doctest/doctest.h>

#include "core/autograd/autograd.h"
#include "ops/add/add.h"

using namespace denovo;

namespace {

/// Two equal ranks, of which the other one is imagined: a sum is twice the value.
class Twin : public ProcessGroup {
 public:
  Twin() { size_ = 2; }
  void start_all_reduce(const Tensor& tensor) override {
    CHECK(!finished);
    sizes.push_back(tensor.numel());
    accumulate(tensor, tensor.clone());
  }
  void finish_all_reduces() override { finished = true; }

  std::vector<int64_t> sizes;
  bool finished = false;
};

Tensor leaf(int64_t size) {
  return Tensor::full({size}, 1, DType::kF32).set_requires_grad(true);
}

}  // namespace

TEST_CASE("gradient sync: full buckets are summed during backward, last leaves first") {
  const Tensor a = leaf(16), b = leaf(16), c = leaf(16);
  Arena arena({{"a", a}, {"b", b}, {"c", c}});
  Twin group;
  nn::GradientSync sync(arena, group, 2 * 16 * 4);  // c and b, then a
  CHECK(sync.num_buckets() == 2);
  const auto step = [&] { backward(ops::add(ops::add(a, b), c)); };
  step();  // a micro-batch that is not the last
  CHECK(group.sizes.empty());
  sync.start();
  step();
  CHECK(group.sizes == std::vector<int64_t>{32, 16});
  CHECK(!group.finished);
  sync.finish();
  CHECK(group.finished);
  CHECK(arena.gradients().to_vector<float>() == std::vector<float>(48, 4));
}

TEST_CASE(
    "gradient sync: leaves without a gradient are summed as zeros, buckets keep their order") {
  const Tensor a = leaf(16), b = leaf(16), c = leaf(16);
  Arena arena({{"a", a}, {"b", b}, {"c", c}});
  Twin group;
  nn::GradientSync sync(arena, group, 1);
  sync.start();
  backward(ops::add(a, b));  // c, whose bucket is the first, never fires
  CHECK(group.sizes.empty());
  sync.finish();
  CHECK(group.sizes == std::vector<int64_t>{16, 16, 16});
  const auto gradients = arena.gradients().to_vector<float>();
  CHECK(gradients[0] == 2);
  CHECK(gradients[16] == 2);
  CHECK(gradients[32] == 0);
}

TEST_CASE("gradient sync: alone, there are no buckets") {
  const Tensor a = leaf(4);
  Arena arena({{"a", a}});
  nn::GradientSync sync(arena, ProcessGroup::alone());
  CHECK(sync.num_buckets() == 0);
  sync.start();
  backward(ops::add(a, a));
  sync.finish();
  CHECK(a.grad().to_vector<float>() == std::vector<float>(4, 2));
}
