// How much of the comparisons with pycocotools a test program runs.
#pragma once

#include <cstdlib>
#include <string_view>

namespace denovo::testing {

/// Every block with DENOVO_EXACTNESS=all (scripts/check_exactness.sh), else one in five: the suite
/// also runs under sanitizers, where all of them would take many minutes.
inline int exactness_stride() {
  const char* share = std::getenv("DENOVO_EXACTNESS");
  return share && std::string_view(share) == "all" ? 1 : 5;
}

}  // namespace denovo::testing
