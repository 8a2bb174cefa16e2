#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "core/kernels/parallel.h"
#include "testing/gpu.h"

int main(int argc, char** argv) {
  denovo::phases_internal::backwards = std::getenv("DENOVO_THREADS_BACKWARDS") != nullptr;
  denovo::loops_in_vectors = std::getenv("DENOVO_LOOPS_IN_VECTORS") != nullptr;
  doctest::Context context(argc, argv);
  const int status = context.run();
  const std::string skipped = denovo::testing::skipped_gpu_tests();
  if (!skipped.empty()) std::printf("[denovo] %s\n", skipped.c_str());
  return status;
}
