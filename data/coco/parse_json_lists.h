// The lists of a JSON file, parsed by all threads.
#pragma once

#include <omp.h>

#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "data/coco/chunk_parser.h"

namespace denovo::data {

/// Reads a file as read_json_lists does: `parse(ChunkParser&, const JsonChunk&)` makes a part of
/// every chunk, on any thread; `append(const JsonChunk&, part)` takes the parts in file order. When
/// several chunks are refused, the exception of the first is thrown, so that messages do not depend
/// on threads.
template <typename Parse, typename Append>
void parse_json_lists(const std::string& path, std::span<const std::string_view> lists,
                      const Parse& parse, const Append& append) {
  using Part = std::invoke_result_t<const Parse&, ChunkParser&, const JsonChunk&>;
  std::vector<ChunkParser> parsers(omp_get_max_threads());
  read_json_lists(path, lists, [&](std::span<const JsonChunk> chunks) {
    std::vector<Part> parts(chunks.size());
    std::vector<std::exception_ptr> errors(chunks.size());
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(parsers.size()))
    for (size_t i = 0; i < chunks.size(); ++i) {
      try {
        parts[i] = parse(parsers[omp_get_thread_num()], chunks[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
    for (const std::exception_ptr& error : errors)
      if (error) std::rethrow_exception(error);
    for (size_t i = 0; i < chunks.size(); ++i) append(chunks[i], std::move(parts[i]));
  });
}

}  // namespace denovo::data
