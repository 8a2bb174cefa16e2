#include "core/run/lru_cache.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace denovo;

namespace {

using Names = LruCache<int, std::string>;

/// The values of these keys, "-" where there is none. Uses them in this order.
std::vector<std::string> values_of(Names& cache, const std::vector<int>& keys) {
  std::vector<std::string> values;
  for (const int key : keys) {
    const std::string* value = cache.find(key);
    values.push_back(value ? *value : "-");
  }
  return values;
}

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("lru cache: the value that was not asked for the longest goes first") {
  Names cache(30);
  cache.add(1, "one", 10);
  cache.add(2, "two", 10);
  cache.add(3, "three", 10);
  CHECK(values_of(cache, {1}) == Values{"one"});  // 2 is now the oldest
  cache.add(4, "four", 10);
  CHECK(values_of(cache, {1, 2, 3, 4}) == Values{"one", "-", "three", "four"});
  CHECK(cache.size() == 3);
  CHECK(cache.bytes() == 30);
}

TEST_CASE("lru cache: as many go as the bytes of a new value ask for, and no more") {
  Names cache(30);
  for (int key = 0; key < 6; ++key) cache.add(key, std::to_string(key), 5);
  cache.add(6, "6", 11);
  CHECK(values_of(cache, {0, 1, 2, 3, 4, 5, 6}) == Values{"-", "-", "-", "3", "4", "5", "6"});
  CHECK(cache.bytes() == 26);
}

TEST_CASE("lru cache: a value that takes more than there is stays alone until the next") {
  Names cache(30);
  cache.add(1, "one", 10);
  CHECK(cache.add(2, "two", 40) == "two");
  CHECK(values_of(cache, {1, 2}) == Values{"-", "two"});
  cache.add(3, "three", 10);
  CHECK(values_of(cache, {2, 3}) == Values{"-", "three"});
  CHECK(cache.bytes() == 10);
}

TEST_CASE("lru cache: a pointer holds while others are found, and values need not be copyable") {
  LruCache<int, std::unique_ptr<int>> cache(20);
  cache.add(1, std::make_unique<int>(1), 10);
  cache.add(2, std::make_unique<int>(2), 10);
  const std::unique_ptr<int>* first = cache.find(1);
  cache.find(2);
  CHECK(**first == 1);
  cache.clear();
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
  CHECK(cache.find(1) == nullptr);
}

TEST_CASE("lru cache: a rare key costs one of the others, not all") {
  Names cache(8);
  int made = 0;
  const auto use = [&](int key) {
    if (!cache.find(key)) ++made, cache.add(key, "", 1);
  };
  for (int round = 0; round < 10; ++round)
    for (int key = 0; key < 8; ++key) use(key);
  CHECK(made == 8);
  use(8);  // in the place of 0
  for (int key = 1; key < 8; ++key) use(key);
  CHECK(made == 9);
}
