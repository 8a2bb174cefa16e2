// One loop over the chunks of a file with all threads.
#pragma once

#include <omp.h>

#include <exception>
#include <span>
#include <vector>

#include "data/coco/json_items.h"

namespace denovo::data {

/// Calls body(parser, chunk index) for every chunk; `parsers` must hold one per thread. When
/// several chunks fail, the exception of the first is thrown, so that messages do not depend on
/// threads.
template <typename Body>
void parallel_chunks(std::span<const JsonChunk> chunks, std::vector<ChunkParser>& parsers,
                     const Body& body) {
  std::vector<std::exception_ptr> errors(chunks.size());
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(parsers.size()))
  for (size_t i = 0; i < chunks.size(); ++i) {
    try {
      body(parsers[omp_get_thread_num()], i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace denovo::data
