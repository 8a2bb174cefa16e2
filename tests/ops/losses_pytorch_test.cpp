// The losses against PyTorch in f64; tests/oracles/losses.py made the numbers.
#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd.h"
#include "ops/box_regression_loss/box_regression_loss.h"
#include "ops/mask_bce/mask_bce.h"
#include "ops/sigmoid/sigmoid.h"
#include "ops/sigmoid_bce/sigmoid_bce.h"
#include "ops/softmax/softmax.h"
#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"

using namespace denovo;

namespace {

/// The oracle's formula.
Tensor input(const Shape& shape, int64_t salt) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>((static_cast<int64_t>(i) * 37 + salt * 101) % 997 - 498) / 100;
  }
  return Tensor::from(shape, values);
}

Tensor leaf(const Shape& shape, int64_t salt) {
  const Tensor x = input(shape, salt);
  x.set_requires_grad(true);
  return x;
}

const std::vector<double> kWeights = {0.25, 0.5, 0.125};

constexpr double kBound = 1e-14;  // a few roundings of f64; all values are below 5

void check_close(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    INFO("element ", i, " is ", got[i], ", expected ", expected[i]);
    CHECK(std::abs(got[i] - expected[i]) <= kBound);
  }
}

void check_loss(const Tensor& loss, const Tensor& x, double expected,
                const std::vector<double>& expected_grad) {
  backward(loss);
  check_close({loss.item()}, {expected});
  check_close(x.grad().to_vector<double>(), expected_grad);
}

}  // namespace

TEST_CASE("softmax_cross_entropy: value and gradient equal PyTorch's") {
  const Tensor x = leaf({3, 4}, 1);
  const Tensor y = ops::softmax_cross_entropy(x, Tensor::from<int32_t>({3}, {2, 0, 3}),
                                              Tensor::from({3}, kWeights));
  check_loss(
      y, x, 1.4483464420158174,
      {0.03299011071568973, 0.0477609252246795, -0.1808548553238848, 0.10010381938351552,
       -0.4340197785686205, 0.095521850449359, 0.13829028935223045, 0.20020763876703104,
       0.016495055357844866, 0.02388046261233975, 0.03457257233805761, -0.07494809030824225});
}

TEST_CASE("sigmoid_bce: value and gradient equal PyTorch's") {
  const Tensor x = leaf({3}, 2);
  const Tensor y =
      ops::sigmoid_bce(x, Tensor::from<int32_t>({3}, {1, 0, 1}), Tensor::from({3}, kWeights));
  check_loss(y, x, 1.0791881653665574,
             {-0.23768349847899334, 0.034892391438290045, -0.11275389946280576});
}

TEST_CASE("box_regression_loss: value and gradient equal PyTorch's, L1 and smooth") {
  const int32_t classes[] = {1, 0, 1};
  for (const double beta : {0.0, 1.0 / 9}) {
    const Tensor x = leaf({3, 8}, 3);
    std::vector<double> targets = input({3, 4}, 4).to_vector<double>();
    for (size_t i = 0; i < targets.size(); ++i) {
      const size_t r = i / 4, column = static_cast<size_t>(4 * classes[r]) + i % 4;
      targets[i] = x.data<double>()[r * 8 + column] + targets[i] / 10;
    }
    const Tensor y =
        ops::box_regression_loss(x, Tensor::from<int32_t>({3}, {1, 0, 1}),
                                 Tensor::from({3, 4}, targets), Tensor::from({3}, kWeights), beta);
    if (beta == 0) {
      check_loss(y, x, 0.39475, {0, 0, 0, 0, .25, .25, .25, -.25, -.5,   -.5,   -.5,   -.5,
                                 0, 0, 0, 0, 0,   0,   0,   0,    -.125, -.125, -.125, -.125});
    } else {
      check_loss(y, x, 0.23148066666666672,
                 {0, 0, 0, 0, 0.2115, 0.12825, 0.045, -0.03825, -.243, -0.4095, -.5,   -.5,
                  0, 0, 0, 0, 0,      0,       0,     0,        -.125, -.125,   -.125, -.125});
    }
  }
}

TEST_CASE("mask_bce: value and gradient equal PyTorch's") {
  const Tensor x = leaf({2, 2, 2, 3}, 5);
  const Tensor y = ops::mask_bce(x, Tensor::from<int32_t>({2}, {2, 0}),
                                 Tensor::from<uint8_t>({2, 2, 2}, {1, 0, 0, 1, 1, 1, 0, 0}),
                                 Tensor::from<double>({2}, {0.25, 0.5}));
  check_loss(y, x, 0.910421159407396,
             {0,
              0,
              -0.019243155981138238,
              0,
              0,
              0.05450865210505742,
              0,
              0,
              0.05961944831017002,
              0,
              0,
              -0.0009795805041280387,
              -0.0013598512521342393,
              0,
              0,
              -0.12340720631698605,
              0,
              0,
              0.0047109863135757395,
              0,
              0,
              0.013276873959396945,
              0,
              0});
}

TEST_CASE("softmax and sigmoid: values equal PyTorch's") {
  check_close(ops::softmax(input({1, 4}, 6)).to_vector<double>(),
              {0.131960442862759, 0.191043700898718, 0.27658057870446096, 0.40041527753406203});
  check_close(ops::sigmoid(input({4}, 7)).to_vector<double>(),
              {0.8899274256374969, 0.9212896628294649, 0.9442756020713345, 0.9608342772032357});
}
