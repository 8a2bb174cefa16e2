#include "testing/gpu.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "core/error.h"

namespace denovo::testing {
namespace {

int num_skipped = 0;
std::string reason;

}  // namespace

std::optional<Device> gpu_or_skip() {
  try {
    return parse_device("cuda:0");
  } catch (const DeviceError& error) {
    reason = error.what();
  }
  ++num_skipped;
  const char* required = std::getenv("DENOVO_REQUIRE_GPU");
  if (required && required == std::string_view("1")) FAIL_CHECK(reason);
  return std::nullopt;
}

std::string skipped_gpu_tests() {
  if (num_skipped == 0) return {};
  return fmt::format("{} GPU tests skipped ({}); DENOVO_REQUIRE_GPU=1 makes that a failure",
                     num_skipped, reason);
}

}  // namespace denovo::testing
