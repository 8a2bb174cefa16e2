// Branches: runs that take over what a longer or shorter run has done, as far as both do the same.
//
// Schedules that drop the learning rate at a fixed distance from their end share everything before
// the first drop of the shorter one. A branch starts from the last checkpoint of that part and is
// then equal to its schedule trained alone, byte for byte, but for wall-clock times, TensorBoard's
// events, which begin at the branch, and the best checkpoint so far, where the parent has found a
// better one since and deleted it.
#pragma once

#include <cstdint>
#include <string>

#include "nn/training/task.h"

namespace denovo::nn {

/// Where a branch leaves its parent.
struct BranchPoint {
  std::string parent;      // run directory
  std::string checkpoint;  // its name there
  int64_t iteration = 0;

  std::string path() const { return parent + "/checkpoints/" + checkpoint; }
};

/// Updates that both schedules make with the same learning rates, from the first one on.
int64_t shared_iterations(const SolverConfig& a, const SolverConfig& b);

/// The parent's newest checkpoint among the updates that it and the task's run have in common.
/// Throws ConfigError when the parent is no run, when the configurations differ in a key that
/// touches the result and is not one of the schedule's (solver.max_iter, lr_schedule, steps,
/// gamma), and when there is no such checkpoint.
BranchPoint find_branch_point(const std::string& parent, const Task& task);

/// Gives a run directory the parent's evaluations and lines of metrics.jsonl up to the branch, then
/// its checkpoint. Files are linked where the file system can, else copied. Throws ResourceError.
void take_over(const BranchPoint& branch, const std::string& run);

}  // namespace denovo::nn
