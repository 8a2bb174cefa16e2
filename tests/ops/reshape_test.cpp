#include "ops/reshape/reshape.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases reshape_cases("reshape", [] {
  return std::vector<OpCase>{{.name = "flatten",
                              .inputs = {random_tensor({2, 3, 4}, 1)},
                              .forward =
                                  [](std::span<const Tensor> in) {
                                    return std::vector{ops::reshape(in[0], {6, 4})};
                                  },
                              .reference =
                                  [](std::span<const Tensor> in) {
                                    return std::vector{in[0].view({6, 4})};
                                  }}};
});
