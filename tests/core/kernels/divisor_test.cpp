#include "core/kernels/divisor.h"

#include <doctest/doctest.h>

#include "core/kernels/common_vector.h"
#include "core/kernels/random.h"

using namespace denovo;

TEST_CASE("divisor: quotient and remainder are those of a division, up to 2^31") {
  const RandomStream random{3, RandomPurpose::kTest};
  constexpr uint32_t kMost = (uint32_t{1} << 31) - 1;
  uint32_t draw = 0, wrong = 0;
  const auto check = [&](uint32_t divisor) {
    const Divisor by(divisor);
    const auto compare = [&](uint32_t n) {
      uint32_t rest = n;
      wrong += by.divide(rest) != n / divisor || rest != n % divisor;
    };
    for (const uint32_t n : {0u, 1u, divisor - 1, divisor, kMost - 1, kMost}) compare(n);
    for (int i = 0; i < 200; ++i) compare(random.below(draw++, kMost));
    // Next to multiples, where an error of one shows.
    for (int i = 0; i < 200; ++i) {
      const uint32_t multiple = random.below(draw++, kMost / divisor) * divisor;
      compare(multiple);
      if (multiple > 0) compare(multiple - 1);
    }
  };
  for (uint32_t divisor = 1; divisor < 3000; ++divisor) check(divisor);
  for (int bit = 0; bit < 31; ++bit) {
    check(uint32_t{1} << bit);
    check((uint32_t{1} << bit) + 1);
    check((uint32_t{2} << bit) - 1);
  }
  for (int i = 0; i < 1000; ++i) check(1 + random.below(draw++, kMost - 1));
  CHECK(wrong == 0);
}

TEST_CASE("divisor: refuses what it cannot divide by") {
  CHECK_THROWS_WITH(Divisor(0), "divisor: must be in [1, 2^31), got 0");
  CHECK_THROWS_WITH(Divisor(int64_t{1} << 31), "divisor: must be in [1, 2^31), got 2147483648");
}

TEST_CASE("common_vector: divides the multiple, and every pointer is aligned at its vectors") {
  alignas(64) static const float floats[64] = {};
  alignas(64) static const uint16_t halves[64] = {};
  CHECK(common_vector(8, 0, halves) == 8);
  CHECK(common_vector(8, 24, halves) == 8);
  CHECK(common_vector(8, 12, halves) == 4);
  CHECK(common_vector(8, 7, halves) == 1);
  CHECK(common_vector(8, 0, halves, floats + 1) == 1);
  CHECK(common_vector(8, 0, halves, floats + 2) == 2);
  CHECK(common_vector(8, 0, halves, floats + 4) == 8);  // two loads of 16 bytes
  CHECK(common_vector(4, 0, halves + 2) == 2);
}
