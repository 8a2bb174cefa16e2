#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "core/kernels/random.h"
#include "ops/ranking/rank_sort.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp ranking_op(
    "ranking", "the order of scores and its sorts, shared by top_k and nms, proven by their cases");

namespace {

template <class T>
void check_key_order() {
  const T inf = std::numeric_limits<T>::infinity(), largest = std::numeric_limits<T>::max(),
          least = std::numeric_limits<T>::denorm_min();
  const T descending[] = {largest, T(2), T(1), least, T(0), -least, T(-1), T(-2), -largest};
  for (size_t i = 0; i + 1 < std::size(descending); ++i)
    CHECK(ops::group_key(3, descending[i], true) < ops::group_key(3, descending[i + 1], true));
  CHECK(ops::group_key(3, T(0), true) == ops::group_key(3, T(-0.0), true));
  const auto last = ops::group_key(3, -inf, false);
  CHECK(ops::group_key(3, -largest, true) < last);
  CHECK(last < ops::group_key(4, largest, true));
  CHECK(!ops::is_candidate_key<T>(last));
  CHECK(ops::is_candidate_key<T>(ops::group_key(3, -largest, true)));
}

}  // namespace

TEST_CASE("ranking: keys order scores descending, candidates before the rest, group by group") {
  check_key_order<float>();
  check_key_order<double>();
}

TEST_CASE("ranking: the radix sort orders as the comparison sort does") {
  const RandomStream random{4, RandomPurpose::kTest};
  std::vector<uint64_t> ranks;
  for (uint32_t i = 0; i < 5000; ++i)
    ranks.push_back(ops::rank_of(random.uniform(i, -1, 1) * (i % 7), i));
  auto expected = ranks;
  std::sort(expected.begin(), expected.end());
  ops::sort_ranks(ranks);
  CHECK(ranks == expected);
}
