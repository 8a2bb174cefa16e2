// Where the time of a step goes. Two kinds of record, both attributed to the layer group that was
// current when the op ran (in backward: when its forward ran) and to the direction: scopes, whose
// times add up to the time between two calls of take_profile(), and the kernels inside them that
// report their own duration and FLOPs. Off by default; bench_step turns it on. Host clocks: one
// thread drives the step. On a GPU each record waits for the device, so that the parts are right
// and their sum is longer than the step: time a step without a profile.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/device.h"

namespace denovo {

enum class ProfilePhase { kForward, kBackward };

/// Names the layer group of the ops executed in its scope ("stem", "res2", "fpn", "box_head", ...).
/// Outside all scopes the group is "other".
class ProfileGroup {
 public:
  /// In the phase of the enclosing scope.
  explicit ProfileGroup(const char* name);
  ProfileGroup(const char* name, ProfilePhase phase);
  ~ProfileGroup();
  ProfileGroup(const ProfileGroup&) = delete;
  ProfileGroup& operator=(const ProfileGroup&) = delete;
  static const char* current();

 private:
  const char* previous_;
  ProfilePhase previous_phase_;
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
  std::string group;
  std::string kind;  // of a kernel; empty for the scope itself
  ProfilePhase phase = ProfilePhase::kForward;
  double seconds = 0;  // of a scope: without the scopes inside it, with its kernels
  double flops = 0;
  uint64_t bytes = 0;  // of a scope: of the tensors that were allocated in it
  int64_t calls = 0;
};

/// Recording starts with an empty profile. device: where the step runs.
void set_profiling(bool enabled, Device device = kCpu);
bool profiling();
/// Everything recorded since the last call, in order of first appearance.
std::vector<ProfileEntry> take_profile();

}  // namespace denovo
