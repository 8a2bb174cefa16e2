#include "nn/training/precise_statistics.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "nn/layers/linear.h"
#include "testing/op_case.h"

using namespace denovo;
using denovo::testing::random_tensor;

namespace {

constexpr int64_t kRows = 6, kIn = 3, kOut = 4;

/// A norm that trains, one that is frozen with its parameters, and one that is always frozen.
struct Norms : nn::Module {
  nn::Child<nn::Linear> linear{*this, "linear", 3, 4, nn::Initializer::normal(1)};
  nn::Child<nn::Norm> norm{*this, "norm", 4, nn::NormOptions{.kind = nn::NormKind::kBatchNorm}};
  nn::Child<nn::Norm> stage{*this, "stage", 4, nn::NormOptions{.kind = nn::NormKind::kBatchNorm}};
  nn::Child<nn::Norm> fixed{*this, "fixed", 4,
                            nn::NormOptions{.kind = nn::NormKind::kFrozenBatchNorm}};

  Norms() {
    initialize(3);
    stage->set_trainable(false);
  }
  void forward(const Tensor& x, const Tensor& slots = {}) const {
    const Tensor y = norm->forward(linear->forward(x).view({kRows, 1, 1, kOut}), false, {}, slots);
    fixed->forward(stage->forward(y, true), false);
  }
};

Tensor batch(uint32_t draw) {
  return random_tensor({kRows, kIn}, draw, -2, 3, DType::kF32);
}

std::vector<double> values(const Tensor& tensor) {
  return tensor.to_vector<double>();
}

/// Mean and unbiased variance of each output of the linear layer, computed at length.
void add_statistics(const Norms& model, const Tensor& x, std::vector<double>& mean,
                    std::vector<double>& var) {
  const auto y = values(model.linear->forward(x));
  for (int64_t c = 0; c < kOut; ++c) {
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < kRows; ++r) sum += y[static_cast<size_t>(r * kOut + c)];
    for (int64_t r = 0; r < kRows; ++r)
      squares += std::pow(y[static_cast<size_t>(r * kOut + c)] - sum / kRows, 2);
    mean[static_cast<size_t>(c)] += sum / kRows;
    var[static_cast<size_t>(c)] += squares / (kRows - 1);
  }
}

}  // namespace

TEST_CASE("precise statistics: are the plain means of those of the batches") {
  const Norms model;
  const NoGrad no_grad;
  for (uint32_t i = 100; i < 103; ++i) model.forward(batch(i));  // what trails behind
  std::vector<double> mean(kOut), var(kOut);
  constexpr int kBatches = 5;
  {
    nn::PreciseStatistics statistics(model);
    CHECK_FALSE(statistics.empty());
    for (uint32_t i = 0; i < kBatches; ++i) {
      statistics.add([&] { model.forward(batch(i)); });
      add_statistics(model, batch(i), mean, var);
    }
    // A batch without a valid sample says nothing.
    statistics.add([&] { model.forward(batch(9), Tensor::full({kRows}, -1, DType::kI32)); });
    statistics.finish();
  }
  const auto tensors = model.norm->tensors();
  for (size_t c = 0; c < kOut; ++c) {
    CHECK(values(tensors.running_mean)[c] ==
          doctest::Approx(mean[c] / kBatches).epsilon(1e-6));  // f32 statistics
    CHECK(values(tensors.running_var)[c] == doctest::Approx(var[c] / kBatches).epsilon(1e-6));
  }
  for (const nn::Norm* frozen : {&*model.stage, &*model.fixed}) {
    CHECK(values(frozen->tensors().running_mean) == std::vector<double>(kOut, 0));
    CHECK(values(frozen->tensors().running_var) == std::vector<double>(kOut, 1));
  }
}

TEST_CASE("precise statistics: given up, they leave the running ones to the last bit") {
  const Norms model;
  const NoGrad no_grad;
  model.forward(batch(1));
  const auto mean = values(model.norm->tensors().running_mean),
             var = values(model.norm->tensors().running_var);
  {
    nn::PreciseStatistics statistics(model);
    statistics.add([&] { model.forward(batch(2)); });
  }
  CHECK(values(model.norm->tensors().running_mean) == mean);
  CHECK(values(model.norm->tensors().running_var) == var);
}

TEST_CASE("precise statistics: a model without batch norm has none") {
  struct Group : nn::Module {
    nn::Child<nn::Norm> norm{*this, "norm", 4, nn::NormOptions{.num_groups = 2}};
  };
  CHECK(nn::PreciseStatistics(Group()).empty());
}
