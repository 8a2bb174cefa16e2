// From the launcher's environment to a process group.
#pragma once

#include <functional>
#include <memory>

#include "core/dist/process_group.h"

namespace denovo {

/// Whether this build has MPI.
#ifdef DENOVO_WITH_MPI
inline constexpr bool kHasMpi = true;
#else
inline constexpr bool kHasMpi = false;
#endif

/// Ranks that mpirun or srun says it started; 1 without a launcher.
int launched_ranks();

/// Joins the ranks of the launcher; without one nothing is initialised. Throws ConfigError when
/// this build has no MPI or the launcher and MPI disagree on the number of ranks.
std::unique_ptr<ProcessGroup> join_ranks();

/// run_program (core/program/options.h) for a program that may be started as several ranks: a
/// failure of all ranks is told once, a failure of one ends the job.
int run_ranks(int argc, char** argv, const std::function<int(int, char**, ProcessGroup&)>& body);

}  // namespace denovo
