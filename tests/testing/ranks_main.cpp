// doctest under mpirun: every rank runs all cases, which are written so that all ranks make the
// same collective calls whatever a CHECK says.
#define DOCTEST_CONFIG_IMPLEMENT
#include "testing/ranks.h"

#include <doctest/doctest.h>

#include "core/dist/launch.h"

namespace denovo::testing {
namespace {
ProcessGroup* joined = nullptr;
}

ProcessGroup& group() {
  return *joined;
}

}  // namespace denovo::testing

int main(int argc, char** argv) {
  return denovo::run_ranks(argc, argv,
                           [](int count, char** arguments, denovo::ProcessGroup& group) {
                             denovo::testing::joined = &group;
                             group.set_timeout(120);
                             doctest::Context context(count, arguments);
                             return context.run();
                           });
}
