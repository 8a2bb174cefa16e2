#include <doctest/doctest.h>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "nn/evaluation_mode.h"
#include "nn/layers/norm.h"
#include "testing/ranks.h"

using namespace denovo;
using denovo::testing::group;

TEST_CASE("evaluation mode: with ranks the statistics of rank 0 are those of all, then and after") {
  nn::Norm norm(3, {.kind = nn::NormKind::kBatchNorm});
  norm.reallocate(DType::kF64, kCpu);
  norm.initialize(1);
  const double own = 10.0 + group().rank();
  int buffers = 0;
  norm.for_each_buffer([&](const std::string&, const nn::Buffer& buffer) {
    ++buffers;
    copy(buffer.tensor(), Tensor::full({3}, own, buffer.tensor().dtype()));
  });
  REQUIRE(buffers == 2);
  const auto check_equal = [&](double expected) {
    norm.for_each_buffer([&](const std::string& name, const nn::Buffer& buffer) {
      CAPTURE(name);
      CHECK(buffer.tensor().to(DType::kF64).to_vector<double>() ==
            std::vector<double>(3, expected));
    });
  };
  {
    const nn::EvaluationMode alone(norm);
    check_equal(own);
  }
  norm.train(true);
  {
    const nn::EvaluationMode mode(norm, group());
    CHECK(!norm.is_training());
    check_equal(10);
  }
  CHECK(norm.is_training());
  check_equal(10);
}
