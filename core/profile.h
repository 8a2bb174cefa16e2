// Where the time of a step goes: kernels report kind, duration and FLOPs, attributed to the layer
// group that was current when the op ran (or, in backward, when its forward ran). Off by default;
// bench_step turns it on.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace denovo {

/// Names the layer group of the ops executed in its scope ("stem", "res2", "fpn", "box_head", ...).
class ProfileGroup {
 public:
  explicit ProfileGroup(const char* name);
  ~ProfileGroup();
  ProfileGroup(const ProfileGroup&) = delete;
  ProfileGroup& operator=(const ProfileGroup&) = delete;
  static const char* current();

 private:
  const char* previous_;
};

/// Times one kernel of the given kind ("conv2d", "linear"); flops: multiply-adds counted as two.
class ProfileKernel {
 public:
  ProfileKernel(const char* kind, double flops);
  ~ProfileKernel();
  ProfileKernel(const ProfileKernel&) = delete;
  ProfileKernel& operator=(const ProfileKernel&) = delete;

 private:
  const char* kind_;
  double flops_;
  std::chrono::steady_clock::time_point start_;
};

struct ProfileEntry {
  std::string group, kind;
  double seconds = 0, flops = 0;
  int64_t calls = 0;
};

void set_profiling(bool enabled);
bool profiling();
/// Everything recorded since the last call, in order of first appearance.
std::vector<ProfileEntry> take_profile();

}  // namespace denovo
