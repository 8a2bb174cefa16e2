// The phases that the GPU runs, on the CPU, against the CPU's own kernel.
#include <doctest/doctest.h>

#include "core/kernels/random.h"
#include "ops/compact/compact_block_passes.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// values in [0, range).
void check_same_rows(int64_t num_rows, DType dtype, uint32_t range, bool inverted) {
  CAPTURE(num_rows);
  CAPTURE(range);
  const RandomStream random{9, RandomPurpose::kTest};
  std::vector<int32_t> drawn;
  for (int64_t r = 0; r < num_rows; ++r)
    drawn.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(r), range)));
  const Tensor values = Tensor::from({num_rows}, drawn).to(dtype);
  const auto rows_of = [&](const auto& run) {
    const Tensor rows = Tensor::empty({num_rows}, DType::kI32),
                 count = Tensor::empty({1}, DType::kI32);
    run(ops::CompactForward{values, 0, 1, inverted, rows, count});
    auto result = rows.to_vector<int32_t>();
    result.push_back(*count.data<int32_t>());
    return result;
  };
  CHECK(rows_of([](const auto& args) { ops::run(cpu_context(), args); }) ==
        rows_of([](const auto& args) { ops::compact_blocks::run(cpu_context(), args); }));
}

}  // namespace

TEST_CASE("compact: the phases of the GPU select the rows of the CPU's kernel") {
  // Less than a thread's rows, around a tile, several tiles; all, half and few rows selected.
  for (const int64_t num_rows : {0, 1, 7, 9, 1000, 8191, 8192, 8193, 30000}) {
    for (const uint32_t range : {1u, 2u, 50u}) {
      for (const bool inverted : {false, true}) {
        check_same_rows(num_rows, DType::kI32, range, inverted);
        check_same_rows(num_rows, DType::kU8, range, inverted);
      }
    }
  }
}
