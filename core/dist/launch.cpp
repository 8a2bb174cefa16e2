#include "core/dist/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/dist/group_mpi.h"
#include "core/error.h"
#include "core/program/options.h"

namespace denovo {

int launched_ranks() {
  // Open MPI's mpirun; MPICH's mpirun and srun with PMI; srun of any kind.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* value = std::getenv(name)) return std::max(1, std::atoi(value));
  }
  return 1;
}

std::unique_ptr<ProcessGroup> join_ranks() {
  const int ranks = launched_ranks();
  if (ranks == 1) return std::make_unique<ProcessGroup>();
  if constexpr (kHasMpi) {
    return join_mpi(ranks);
  } else {
    throw ConfigError(fmt::format(
        "dist: {} ranks need a build with MPI; configure with -DDENOVO_MPI=ON, got OFF", ranks));
  }
}

int run_ranks(int argc, char** argv, const std::function<int(int, char**, ProcessGroup&)>& body) {
  std::unique_ptr<ProcessGroup> group;
  const int status = run_program(argc, argv, [&](int count, char** arguments) {
    group = join_ranks();
    return body(count, arguments, *group);
  });
  if (group) group->leave(status);
  return status;
}

}  // namespace denovo
