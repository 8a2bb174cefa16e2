#include "core/run/profile.h"

#include <utility>

#include "core/cpu/cpu_allocator.h"
#include "core/tensor/transfer.h"

namespace denovo {
namespace {

using Clock = std::chrono::steady_clock;

bool enabled = false;
Device profiled_device;
std::vector<ProfileEntry> entries;

/// Where the thread is, and since when.
thread_local const char* current_group = "other";
thread_local ProfilePhase current_phase = ProfilePhase::kForward;
thread_local Clock::time_point segment_start;
thread_local uint64_t segment_start_bytes = 0;

ProfileEntry& entry_of(const char* kind) {
  for (ProfileEntry& entry : entries) {
    if (entry.group == current_group && entry.kind == kind && entry.phase == current_phase)
      return entry;
  }
  entries.push_back({.group = current_group, .kind = kind, .phase = current_phase});
  return entries.back();
}

void record(const char* kind, Clock::duration duration, double flops, uint64_t bytes) {
  ProfileEntry& entry = entry_of(kind);
  entry.seconds += std::chrono::duration<double>(duration).count();
  entry.flops += flops;
  entry.bytes += bytes;
  ++entry.calls;
}

void start_segment() {
  segment_start = Clock::now();
  segment_start_bytes = cpu_allocator().allocated_bytes();
}

/// Books the time since the last change of scope to the current one.
void end_segment() {
  synchronize(profiled_device);
  const uint64_t bytes = cpu_allocator().allocated_bytes() - segment_start_bytes;
  record("", Clock::now() - segment_start, 0, bytes);
}

void enter(const char* group, ProfilePhase phase) {
  if (enabled) end_segment();
  current_group = group;
  current_phase = phase;
  if (enabled) start_segment();
}

}  // namespace

ProfileGroup::ProfileGroup(const char* name) : ProfileGroup(name, current_phase) {}
ProfileGroup::ProfileGroup(const char* name, ProfilePhase phase)
    : previous_(current_group), previous_phase_(current_phase) {
  enter(name, phase);
}
ProfileGroup::~ProfileGroup() {
  enter(previous_, previous_phase_);
}
const char* ProfileGroup::current() {
  return current_group;
}

ProfileKernel::ProfileKernel(const char* kind, double flops) : kind_(kind), flops_(flops) {
  if (!enabled) return;
  synchronize(profiled_device);
  start_ = Clock::now();
}
ProfileKernel::~ProfileKernel() {
  if (!enabled) return;
  synchronize(profiled_device);
  record(kind_, Clock::now() - start_, flops_, 0);
}

void set_profiling(bool on, Device device) {
  entries.clear();
  enabled = on;
  profiled_device = device;
  if (on) start_segment();
}
bool profiling() {
  return enabled;
}
std::vector<ProfileEntry> take_profile() {
  if (enabled) {
    end_segment();
    start_segment();
  }
  return std::exchange(entries, {});
}

}  // namespace denovo
