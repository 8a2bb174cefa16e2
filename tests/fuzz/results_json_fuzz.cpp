// COCO results files from strangers: read and written again without a change, or refused by
// IoError.
#include <cstdlib>

#include "core/error.h"
#include "data/coco/results.h"
#include "tests/fuzz/memory_file.h"

using namespace denovo;
using namespace denovo::data;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static testing::MemoryFile first, second;
  first.set(data, size);
  for (const ResultFields fields : {ResultFields{}, ResultFields{.masks = false},
                                    ResultFields{.masks = false, .keypoints = true}}) {
    try {
      const CocoResults results = read_results(first.path(), fields);
      const std::string text = results_text(results.detections(), fields);
      second.set(reinterpret_cast<const uint8_t*>(text.data()), text.size());
      const CocoResults again = read_results(second.path(), fields);
      if (results_text(again.detections(), fields) != text) std::abort();
    } catch (const IoError&) {
    }
  }
  return 0;
}
