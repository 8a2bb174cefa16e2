#include "core/run/profile.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/tensor/tensor.h"

using namespace denovo;

namespace {

const ProfileEntry& find(const std::vector<ProfileEntry>& profile, const std::string& group,
                         const std::string& kind, ProfilePhase phase) {
  const auto found = std::find_if(profile.begin(), profile.end(), [&](const ProfileEntry& entry) {
    return entry.group == group && entry.kind == kind && entry.phase == phase;
  });
  REQUIRE(found != profile.end());
  return *found;
}

void wait(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

TEST_CASE("profile: a scope's time excludes the scopes inside it, and all add up to the whole") {
  const auto start = std::chrono::steady_clock::now();
  set_profiling(true);
  {
    const ProfileGroup outer("res2");
    wait(2);
    {
      const ProfileGroup inner("fpn", ProfilePhase::kBackward);
      const ProfileKernel kernel("conv2d", 100);
      Tensor::empty({1000}, DType::kF32);
      wait(30);
    }
  }
  const auto profile = take_profile();
  const double whole =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  set_profiling(false);
  const ProfileEntry& inner = find(profile, "fpn", "", ProfilePhase::kBackward);
  const ProfileEntry& kernel = find(profile, "fpn", "conv2d", ProfilePhase::kBackward);
  const ProfileEntry& outer = find(profile, "res2", "", ProfilePhase::kForward);
  CHECK(inner.seconds >= 0.03);
  CHECK(inner.bytes == 4000);
  CHECK(kernel.seconds >= 0.03);
  CHECK(kernel.seconds <= inner.seconds);
  CHECK(kernel.flops == 100);
  CHECK(kernel.calls == 1);
  CHECK(outer.seconds >= 0.002);
  CHECK(outer.bytes == 0);
  double scopes = 0;
  for (const ProfileEntry& entry : profile) scopes += entry.kind.empty() ? entry.seconds : 0;
  CHECK(scopes <= whole);
  CHECK(scopes >= outer.seconds + inner.seconds);
}

TEST_CASE("profile: nothing is recorded while it is off") {
  set_profiling(true);
  set_profiling(false);
  {
    const ProfileGroup group("stem");
    const ProfileKernel kernel("conv2d", 1);
    CHECK(ProfileGroup::current() == std::string("stem"));
  }
  CHECK(ProfileGroup::current() == std::string("other"));
  CHECK(take_profile().empty());
}
