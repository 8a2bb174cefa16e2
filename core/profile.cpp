#include "core/profile.h"

#include <utility>

namespace denovo {
namespace {

bool enabled = false;
thread_local const char* current_group = "other";
std::vector<ProfileEntry> entries;

}  // namespace

ProfileGroup::ProfileGroup(const char* name) : previous_(current_group) {
  current_group = name;
}
ProfileGroup::~ProfileGroup() {
  current_group = previous_;
}
const char* ProfileGroup::current() {
  return current_group;
}

ProfileKernel::ProfileKernel(const char* kind, double flops) : kind_(kind), flops_(flops) {
  if (enabled) start_ = std::chrono::steady_clock::now();
}

ProfileKernel::~ProfileKernel() {
  if (!enabled) return;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  for (ProfileEntry& entry : entries) {
    if (entry.group == current_group && entry.kind == kind_) {
      entry.seconds += seconds;
      entry.flops += flops_;
      ++entry.calls;
      return;
    }
  }
  entries.push_back({current_group, kind_, seconds, flops_, 1});
}

void set_profiling(bool on) {
  enabled = on;
}
bool profiling() {
  return enabled;
}
std::vector<ProfileEntry> take_profile() {
  return std::exchange(entries, {});
}

}  // namespace denovo
