// Names and shapes of the state dicts against detectron2's (tests/oracles/backbone_names.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "nn/backbone/fpn.h"
#include "nn/state_dict.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

std::vector<std::string> lines_of(const char* file) {
  std::ifstream in(std::string(DENOVO_TEST_DATA "/data_files/nn/") + file);
  REQUIRE(in);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> lines_of(const Module& module) {
  std::vector<std::string> lines;
  for (const auto& [name, tensor] : state_dict(module))
    lines.push_back(name + " " + to_string(tensor.shape()));
  std::sort(lines.begin(), lines.end());
  return lines;
}

void check_equal(const Module& module, const char* file) {
  const auto expected = lines_of(file), got = lines_of(module);
  CHECK(got.size() == expected.size());
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) CHECK(got[i] == expected[i]);
}

}  // namespace

TEST_CASE("backbone names: ResNet-50 with GroupNorm and pyramid") {
  check_equal(ResNetFpn(ResNetOptions::of_depth(50),
                        {.channels = 256, .norm = {.kind = NormKind::kGroupNorm}}),
              "r50_fpn_gn.txt");
}

TEST_CASE("backbone names: ResNeXt-50 32x4d") {
  ResNetOptions options = ResNetOptions::of_depth(50);
  options.groups = 32;
  options.width_per_group = 4;
  check_equal(ResNet(options), "x50_32x4d_gn.txt");
}

TEST_CASE("backbone names: ResNet-18 with frozen batch norm") {
  ResNetOptions options = ResNetOptions::of_depth(18);
  options.norm.kind = NormKind::kFrozenBatchNorm;
  check_equal(ResNet(options), "r18_frozen_bn.txt");
}
