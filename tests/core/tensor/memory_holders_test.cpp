#include "core/tensor/memory_holders.h"

#include <doctest/doctest.h>

using namespace denovo;

TEST_CASE("memory holders: add up by group, largest first, and forget what was freed") {
  MemoryHolders holders;
  CHECK(holders.text() == "");
  char blocks[4];
  holders.add(&blocks[0], size_t{3} << 20, "fpn");
  holders.add(&blocks[1], size_t{5} << 20, "res2");
  holders.add(&blocks[2], size_t{4} << 20, "fpn");
  holders.add(&blocks[3], 1000, "rpn");
  CHECK(holders.text() == "fpn 7 MiB, res2 5 MiB");
  holders.remove(&blocks[0]);
  CHECK(holders.text() == "res2 5 MiB, fpn 4 MiB");
}
