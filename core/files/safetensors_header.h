// The header of a safetensors file: names, types, shapes and places of its tensors.
//
//   u64 N, little-endian
//   N bytes of JSON, which may end in spaces:
//     {"name": {"dtype": "F32", "shape": [..], "data_offsets": [BEGIN, END]}, ...,
//      "__metadata__": {"key": "text", ...}}      the last is optional
//   a buffer up to the end of the file
//
// Source: the README and tensor.rs of huggingface/safetensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/file.h"

namespace denovo {

/// Texts that a file carries beside its tensors.
using Metadata = std::map<std::string, std::string>;

struct SafetensorsEntry {
  std::string name;
  std::string dtype;           ///< as in the file: "F32", "BF16", "F8_E4M3", ...
  std::vector<int64_t> shape;  ///< any rank; empty for a scalar
  int64_t begin = 0, end = 0;  ///< bytes [begin, end) of the buffer
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of the header
  Metadata metadata;
  int64_t buffer_begin = 0;  ///< offset of the buffer in the file
};

/// Limits beyond those of the reference (N <= 100,000,000): no honest file comes near.
inline constexpr int64_t kMaxHeaderBytes = 100'000'000;
inline constexpr int64_t kMaxTensors = 100'000;
inline constexpr size_t kMaxTensorNameBytes = 512;

/// Reads and checks the header alone; the tensors are not touched.
/// Throws IoError `<path>: tensor "<name>": <rule>, got <value>` (or without the tensor) when
///   the file ends before its header, or the header exceeds a limit;
///   the header is not UTF-8 JSON of the form above, nests deeper than 4, or repeats a key;
///   a name has more than 512 bytes or a NUL; a dtype is unknown;
///   the bytes of dtype and shape overflow or differ from END - BEGIN;
///   the tensors leave holes, overlap, or do not end with the file.
SafetensorsHeader read_safetensors_header(const FileReader& file);

/// The same checks on the JSON text of a file whose buffer has `buffer_bytes` bytes.
SafetensorsHeader parse_safetensors_header(std::string_view json, int64_t buffer_bytes,
                                           const std::string& path);

/// `<path>: tensor "<name>"`, with control characters of hostile names escaped.
std::string tensor_place(const std::string& path, std::string_view name);

}  // namespace denovo
