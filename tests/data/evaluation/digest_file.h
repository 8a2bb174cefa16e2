// What an oracle of random cases committed: lines "KIND NAME COUNT" of how many cases hit a rule,
// and "block D D …", digests of its arrays over a hundred cases each, in hexadecimal.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "testing/exactness.h"

namespace denovo::testing {

/// Each of the rules, and no other, is hit by at least ten cases.
template <class Rules>
void check_rules_hit(const std::string& path, const std::string& rule_kind, const Rules& rules) {
  std::ifstream file(path);
  std::map<std::string, int> hits;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, name;
    if (words >> kind >> name && kind == rule_kind) words >> hits[name];
  }
  for (const char* rule : rules) CHECK_MESSAGE(hits[rule] >= 10, rule << ": " << hits[rule]);
  CHECK(hits.size() == std::size(rules));
}

/// evaluate_block(i), digests of N arrays, equals the committed ones in all blocks, or in the share
/// of them that exactness_stride says.
template <size_t N, class EvaluateBlock>
void check_blocks(const std::string& path, const EvaluateBlock& evaluate_block) {
  using Digests = std::array<uint64_t, N>;
  std::ifstream file(path);
  std::vector<Digests> expected;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    if (words >> kind && kind != "block") continue;
    Digests& digests = expected.emplace_back();
    for (uint64_t& d : digests) words >> std::hex >> d;
  }
  REQUIRE(expected.size() == 100);
  std::array<int, N> wrong{};
  const auto num_blocks = static_cast<int>(expected.size());
  const int stride = exactness_stride();
#pragma omp parallel for schedule(dynamic)
  for (int block = 0; block < num_blocks; block += stride) {
    const Digests found = evaluate_block(block);
    for (size_t i = 0; i < N; ++i)
      if (found[i] != expected[static_cast<size_t>(block)][i]) {
#pragma omp atomic
        ++wrong[i];
      }
  }
  for (size_t i = 0; i < N; ++i) CHECK_MESSAGE(wrong[i] == 0, "array " << i);
}

}  // namespace denovo::testing
