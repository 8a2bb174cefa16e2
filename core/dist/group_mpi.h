// A group whose ranks meet through MPI. One thread makes every call: it sums gradients while the
// main thread runs backward, and needs no more than MPI_THREAD_SERIALIZED.
#pragma once

#include <memory>

#include "core/dist/process_group.h"

namespace denovo {

/// Initialises MPI. Throws ConfigError unless it finds `expected` ranks.
std::unique_ptr<ProcessGroup> join_mpi(int expected);

}  // namespace denovo
