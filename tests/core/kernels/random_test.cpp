#include "core/kernels/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace denovo;

TEST_CASE("philox: equals the known answers published with Random123") {
  const auto zero = philox({{0, 0, 0, 0}}, 0, 0);
  CHECK(zero.v[0] == 0x6627e8d5u);
  CHECK(zero.v[1] == 0xe169c58du);
  CHECK(zero.v[2] == 0xbc57ac4cu);
  CHECK(zero.v[3] == 0x9b00dbd8u);
  const auto ones =
      philox({{0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}}, 0xffffffffu, 0xffffffffu);
  CHECK(ones.v[0] == 0x408f276du);
  const auto pi =
      philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0xa4093822u, 0x299f31d0u);
  CHECK(pi.v[0] == 0xd16cfe09u);
  CHECK(pi.v[3] == 0x24126ea1u);
}

TEST_CASE("random stream: uniform fills [0, 1) evenly and normal has mean 0 and variance 1") {
  const RandomStream stream{.seed = 7, .purpose = RandomPurpose::kTest};
  double sum = 0, normal_sum = 0, normal_squares = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    const float u = stream.uniform(i);
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    const double z = normal(stream, i);
    normal_sum += z;
    normal_squares += z * z;
  }
  CHECK(std::abs(sum / n - 0.5) < 0.01);  // five standard deviations
  CHECK(std::abs(normal_sum / n) < 0.035);
  CHECK(std::abs(normal_squares / n - 1) < 0.05);
}

TEST_CASE("shuffle: is a permutation that depends on the seed") {
  std::vector<uint32_t> a(100), b(100);
  std::iota(a.begin(), a.end(), 0);
  b = a;
  shuffle({.seed = 1, .purpose = RandomPurpose::kTest}, a.data(), 100);
  shuffle({.seed = 2, .purpose = RandomPurpose::kTest}, b.data(), 100);
  CHECK(a != b);
  std::sort(a.begin(), a.end());
  for (uint32_t i = 0; i < 100; ++i) CHECK(a[i] == i);
}

TEST_CASE("fold_id: small ids stay distinct") {
  std::vector<uint32_t> folded;
  for (int64_t id = 0; id < 1000; ++id) folded.push_back(fold_id(id));
  std::sort(folded.begin(), folded.end());
  CHECK(std::unique(folded.begin(), folded.end()) == folded.end());
}
