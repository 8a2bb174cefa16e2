// The ranks of a test program that mpirun has started.
#pragma once

#include "core/dist/process_group.h"

namespace denovo::testing {

ProcessGroup& group();

}  // namespace denovo::testing
