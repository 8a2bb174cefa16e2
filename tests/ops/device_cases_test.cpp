// Runs every registered device case on the CPU and on a GPU, and refuses an op without a gradient
// that has none.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "testing/device_case.h"
#include "testing/gpu.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

bool same(const Tensor& a, const Tensor& b, double tolerance) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (tolerance == 0) return a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double scale = 1;
  for (const double v : y) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < x.size(); ++i)
    if (!(x[i] == y[i] || std::abs(x[i] - y[i]) <= tolerance * scale)) return false;
  return true;
}

/// Every output of every case on `device` against the CPU's.
void check_against_cpu(Device device) {
  for (const auto& [folder, make] : device_cases()) {
    for (const DeviceCase& device_case : make()) {
      INFO(folder, ": ", device_case.name);
      std::vector<Tensor> expected, got;
      CHECK_NOTHROW(expected = run_on(device_case, kCpu));
      CHECK_NOTHROW(got = run_on(device_case, device));
      REQUIRE(got.size() == expected.size());
      for (size_t k = 0; k < got.size(); ++k)
        CHECK_MESSAGE(same(got[k], expected[k], device_case.tolerance), "output ", k);
    }
  }
}

}  // namespace

TEST_CASE("device cases: every op without a gradient has one, if it runs on GPUs at all") {
  // In other ops' kernels, three times; on the CPU only.
  std::set<std::string> known{"bias", "normalization", "parameter_update", "ranking", "mask_paste"};
  for (const auto& [folder, make] : device_cases()) known.insert(folder);
  for (const auto& [folder, reason] : no_gradient_ops()) {
    INFO("ops/", folder);
    CHECK(known.contains(folder));
  }
}

TEST_CASE("device cases: run on the CPU and repeat to the last bit") {
  check_against_cpu(kCpu);
}

TEST_CASE("device cases: a GPU gives what the CPU gives") {
  if (const auto gpu = gpu_or_skip()) check_against_cpu(*gpu);
}
