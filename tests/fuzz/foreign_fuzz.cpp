// Weights of other programs from strangers: tensors that can be read, or refused by IoError.
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "core/foreign/foreign_file.h"
#include "tests/fuzz/memory_file.h"

using namespace denovo;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static testing::MemoryFile memory;
  memory.set(data, size);
  try {
    const foreign::ForeignFile file(memory.path());
    for (const foreign::ForeignTensor& tensor : file.tensors()) {
      // Memory is bounded by the size of the file.
      const int64_t bytes = tensor.numel() * size_of(tensor.type);
      if (bytes < 0 || bytes > static_cast<int64_t>(size) + (int64_t{64} << 20)) std::abort();
      std::vector<char> values(static_cast<size_t>(bytes));
      file.read(tensor, values.data());
    }
  } catch (const IoError&) {
  }
  return 0;
}
