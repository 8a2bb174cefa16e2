// Ranks that all fail while a sum is in flight that not all of them began; failing_ranks_test.sh.
#include <fmt/format.h>

#include "core/dist/launch.h"
#include "core/error.h"

int main(int argc, char** argv) {
  using namespace denovo;
  return run_ranks(argc, argv, [](int, char**, ProcessGroup& group) -> int {
    group.set_timeout(30);
    if (group.is_first()) group.start_all_reduce(Tensor::full({10}, 1, DType::kF32));
    throw ResourceError(fmt::format("rank {} failed", group.rank()));
  });
}
