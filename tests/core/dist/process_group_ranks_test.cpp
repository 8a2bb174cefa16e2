#include "core/dist/process_group.h"

#include <doctest/doctest.h>

#include <cmath>
#include <csignal>

#include "core/dist/rank_error.h"
#include "core/files/signals.h"
#include "testing/ranks.h"

using namespace denovo;
using denovo::testing::group;

namespace {

/// Values whose sum depends on the order of additions.
template <class T>
std::vector<T> values_of(int rank, int64_t count) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<T>(std::sin(1.0 + 7 * rank + 3 * i) * std::pow(10.0, rank)));
  return values;
}

template <class T>
void check_sum(int64_t count) {
  const Tensor x = Tensor::from({count}, values_of<T>(group().rank(), count));
  group().all_reduce(x);
  std::vector<T> expected;
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0;
    for (int r = 0; r < group().size(); ++r) sum += values_of<T>(r, count)[static_cast<size_t>(i)];
    expected.push_back(static_cast<T>(sum));
  }
  CHECK(x.to_vector<T>() == expected);
}

}  // namespace

TEST_CASE("ranks: sums add the ranks in ascending order, also where a share is empty") {
  REQUIRE(group().size() > 1);
  for (const int64_t count : {0, 1, 3, 50}) {
    check_sum<float>(count);
    check_sum<double>(count);
  }
}

TEST_CASE("ranks: a sum larger than one exchange") {
  const int64_t count = (int64_t{1} << 22) + 5;
  const Tensor x = Tensor::full({count}, group().rank() + 1, DType::kF32);
  group().all_reduce(x);
  const float total = static_cast<float>(group().size() * (group().size() + 1) / 2);
  CHECK(x.to_vector<float>() == std::vector<float>(static_cast<size_t>(count), total));
}

TEST_CASE("ranks: sums that were started are all done when they are waited for") {
  std::vector<Tensor> sums;
  for (int i = 0; i < 5; ++i) {
    sums.push_back(Tensor::full({1000}, i, DType::kF64));
    group().start_all_reduce(sums.back());
  }
  const Tensor own = Tensor::full({1}, 1, DType::kF64);
  group().all_reduce(own);  // takes its turn, and waits for itself alone
  group().finish_all_reduces();
  CHECK(own.item() == group().size());
  for (int i = 0; i < 5; ++i)
    CHECK(sums[static_cast<size_t>(i)].to_vector<double>() ==
          std::vector<double>(1000, i * group().size()));
}

TEST_CASE("ranks: rank 0 tells all, all tell rank 0") {
  const int rank = group().rank();
  const Tensor x = Tensor::full({3}, rank, DType::kI64);
  group().broadcast(x);
  CHECK(x.to_vector<int64_t>() == std::vector<int64_t>(3, 0));
  CHECK(group().broadcast(std::string(static_cast<size_t>(rank + 2), 'a')) == "aa");
  const auto all = group().gather(std::string(static_cast<size_t>(rank) * 3000000, 'b'));
  REQUIRE(all.size() == (rank == 0 ? static_cast<size_t>(group().size()) : 0u));
  for (size_t r = 0; r < all.size(); ++r) CHECK(all[r] == std::string(r * 3000000, 'b'));
}

TEST_CASE("ranks: what fails on one rank fails on all with its status, and one of them tells why") {
  const int rank = group().rank(), last = group().size() - 1;
  const auto work = [&] {
    if (rank == last) throw IoError("file: broken");
  };
  if (rank == last) {
    CHECK_THROWS_AS(together(group(), work), IoError);
  } else {
    try {
      together(group(), work);
      FAIL_CHECK("nothing was thrown");
    } catch (const PeerError& error) {
      CHECK(error.status() == 3);
    }
  }
  if (rank == 0) {
    CHECK_THROWS_AS(together(group(), [] { throw ConfigError("all"); }), ConfigError);
  } else {
    CHECK_THROWS_AS(together(group(), [] { throw ConfigError("all"); }), PeerError);
  }
}

TEST_CASE("ranks: a signal that one caught is known to all") {
  watch_signals();
  if (group().rank() == 1) std::raise(SIGUSR1);
  CHECK(agreed_signal(group()) == SIGUSR1);
  watch_signals();
  CHECK(agreed_signal(group()) == 0);
}
