#include <algorithm>

#include "ops/compact/compact_kernels.h"
#include "ops/compact/compact_math.h"

namespace denovo::ops {
namespace {

template <class T>
void compact_rows(const T* values, int64_t num_rows, RowPredicate selected, int32_t* rows,
                  int32_t* count) {
  int64_t end = 0;
  for (int64_t r = 0; r < num_rows; ++r) {
    rows[end] = static_cast<int32_t>(r);  // overwritten by the next row unless selected
    end += selected(static_cast<int32_t>(values[r]));
  }
  std::fill(rows + end, rows + num_rows, -1);
  *count = static_cast<int32_t>(end);
}

}  // namespace

void run(CpuContext&, const CompactForward& args) {
  const int64_t num_rows = args.values.numel();
  const RowPredicate selected{args.low, args.high, args.inverted};
  int32_t *rows = args.rows.data<int32_t>(), *count = args.count.data<int32_t>();
  if (args.values.dtype() == DType::kI32) {
    compact_rows(args.values.data<int32_t>(), num_rows, selected, rows, count);
  } else {  // u8 and bool are both one byte, zero or not
    compact_rows(reinterpret_cast<const uint8_t*>(args.values.raw()), num_rows, selected, rows,
                 count);
  }
}

}  // namespace denovo::ops
