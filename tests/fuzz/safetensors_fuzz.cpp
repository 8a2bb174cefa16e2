// Safetensors files from strangers: a header whose tensors tile the file exactly, or refused by
// IoError.
#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/files/safetensors_header.h"
#include "tests/fuzz/memory_file.h"

using namespace denovo;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_header(const SafetensorsHeader& header, int64_t buffer_bytes, const std::string& path) {
  int64_t covered = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    require(0 <= entry.begin && entry.begin <= entry.end && entry.end <= buffer_bytes);
    require(std::all_of(entry.shape.begin(), entry.shape.end(), [](int64_t n) { return n >= 0; }));
    require(entry.name.size() <= kMaxTensorNameBytes);
    tensor_place(path, entry.name);
    covered += entry.end - entry.begin;
  }
  require(covered == buffer_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static testing::MemoryFile memory;
  memory.set(data, size);
  try {
    const FileReader file(memory.path());
    const SafetensorsHeader header = read_safetensors_header(file);
    check_header(header, file.size() - header.buffer_begin, file.path());
  } catch (const IoError&) {
  }
  // The length in front is hard to keep right while the text grows: the text alone as well, with
  // the buffer that its last two bytes say.
  if (size < 2) return 0;
  const int64_t buffer_bytes = data[size - 1] << 8 | data[size - 2];
  try {
    const std::string_view json(reinterpret_cast<const char*>(data), size - 2);
    check_header(parse_safetensors_header(json, buffer_bytes, "x"), buffer_bytes, "x");
  } catch (const IoError&) {
  }
  return 0;
}
