// Cuts a JSON file into runs of complete list elements, so that a file of any size is parsed by
// several threads in bounded memory. simdjson parses the runs; this only finds where elements end
// (brackets outside strings), and leaves every other rule of JSON to it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace denovo::data {

/// Deepest nesting of brackets accepted, lists of the top level included.
inline constexpr int kMaxJsonDepth = 64;
/// Longest single element, and longest value that is not one of the wanted lists.
inline constexpr int64_t kMaxJsonElementBytes = int64_t{1} << 28;

/// Elements `first_index`, … of a list, with the commas between them and no brackets around. For a
/// top-level value that is not a wanted list, first_index is -1 and text is the value.
struct JsonChunk {
  std::string list;
  int64_t first_index = 0;
  std::string_view text;
};

/// Calls `batch` with the chunks of a file in file order, several at a time; their text lives until
/// the call returns; an empty list is one chunk with empty text. A UTF-8 byte order mark is
/// skipped, UTF-16 refused by name. The top level is either an object, whose lists named in `lists`
/// are cut, or (with `lists` empty) a list, which is cut under the name "". Throws IoError, naming
/// the file, when it cannot be read, ends early, has another top level, repeats a top-level key,
/// nests too deeply or has an element that is too long. `batch` must parse every chunk: what lies
/// inside has not been checked.
void read_json_lists(const std::string& path, std::span<const std::string_view> lists,
                     const std::function<void(std::span<const JsonChunk>)>& batch);

}  // namespace denovo::data
