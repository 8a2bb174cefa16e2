#include "core/files/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/files/json_writer.h"

namespace denovo {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kPrefixBytes = 8;
constexpr size_t kMaxDepth = 4;

struct FileDType {
  std::string_view name;
  int bits;
};
constexpr std::array kFileDTypes = {
    FileDType{"BOOL", 8},    FileDType{"U8", 8},      FileDType{"I8", 8},
    FileDType{"F4", 4},      FileDType{"F6_E2M3", 6}, FileDType{"F6_E3M2", 6},
    FileDType{"F8_E4M3", 8}, FileDType{"F8_E5M2", 8}, FileDType{"F8_E8M0", 8},
    FileDType{"I16", 16},    FileDType{"U16", 16},    FileDType{"F16", 16},
    FileDType{"BF16", 16},   FileDType{"I32", 32},    FileDType{"U32", 32},
    FileDType{"F32", 32},    FileDType{"I64", 64},    FileDType{"U64", 64},
    FileDType{"F64", 64},    FileDType{"C64", 64}};

std::string json_text(std::string_view text) {
  return JsonWriter().value(text).text();
}

/// The texts of an object of strings; `place` names it in errors.
Metadata parse_metadata(const dom::element& element, const std::string& place) {
  dom::object object;
  if (element.get(object)) throw IoError(place + ": must be an object of strings");
  Metadata metadata;
  for (const auto [key, value] : object) {
    std::string_view text;
    if (value.get(text))
      throw IoError(fmt::format("{}: {} must be a string", place, json_text(key)));
    if (!metadata.emplace(key, text).second)
      throw IoError(fmt::format("{}: {} stands there twice", place, json_text(key)));
  }
  return metadata;
}

/// A list of integers that fit int64 and are not negative; nothing when it is something else.
std::optional<std::vector<int64_t>> parse_sizes(const dom::element& element) {
  dom::array array;
  if (element.get(array)) return std::nullopt;
  std::vector<int64_t> sizes;
  for (const dom::element item : array) {
    int64_t size;
    if (item.get(size) || size < 0) return std::nullopt;
    sizes.push_back(size);
  }
  return sizes;
}

/// Bytes of a tensor, checked against overflow and for whole bytes.
int64_t bytes_of(const SafetensorsEntry& entry, const std::string& place) {
  const auto dtype = std::find_if(kFileDTypes.begin(), kFileDTypes.end(),
                                  [&](const FileDType& d) { return d.name == entry.dtype; });
  if (dtype == kFileDTypes.end())
    throw IoError(fmt::format("{}: unknown dtype {}", place, json_text(entry.dtype)));
  int64_t bits = dtype->bits;
  bool overflow = false;
  for (const int64_t size : entry.shape)
    overflow = overflow || __builtin_mul_overflow(bits, size, &bits);
  if (overflow)
    throw IoError(fmt::format("{}: shape [{}] overflows", place, fmt::join(entry.shape, ", ")));
  if (bits % 8 != 0)
    throw IoError(fmt::format("{}: size must be whole bytes, got {} bits", place, bits));
  return bits / 8;
}

SafetensorsEntry parse_entry(std::string_view name, const dom::element& element,
                             const std::string& path) {
  if (name.size() > kMaxTensorNameBytes)
    throw IoError(fmt::format("{}: a tensor name must have at most {} bytes, got {}", path,
                              kMaxTensorNameBytes, name.size()));
  const std::string place = tensor_place(path, name);
  if (name.find('\0') != std::string_view::npos) throw IoError(place + ": name must not hold NUL");
  dom::object object;
  if (element.get(object)) throw IoError(place + ": must be an object");
  SafetensorsEntry entry;
  entry.name = name;
  bool has_dtype = false, has_shape = false, has_offsets = false;
  for (const auto [key, value] : object) {
    bool* seen = key == "dtype"          ? &has_dtype
                 : key == "shape"        ? &has_shape
                 : key == "data_offsets" ? &has_offsets
                                         : nullptr;
    if (!seen) throw IoError(fmt::format("{}: unknown field {}", place, json_text(key)));
    if (std::exchange(*seen, true))
      throw IoError(fmt::format("{}: field {} stands there twice", place, json_text(key)));
    std::string_view text;
    const auto sizes = parse_sizes(value);
    if (seen == &has_dtype) {
      if (value.get(text)) throw IoError(place + ": dtype must be a string");
      entry.dtype = text;
    } else if (seen == &has_shape) {
      if (!sizes) throw IoError(place + ": shape must be a list of sizes");
      entry.shape = *sizes;
    } else {
      if (!sizes || sizes->size() != 2)
        throw IoError(place + ": data_offsets must be a list of two offsets");
      entry.begin = (*sizes)[0];
      entry.end = (*sizes)[1];
    }
  }
  if (!has_dtype || !has_shape || !has_offsets)
    throw IoError(place + ": needs dtype, shape and data_offsets");
  const int64_t bytes = bytes_of(entry, place);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes)
    throw IoError(fmt::format("{}: {} [{}] has {} bytes, got offsets {} .. {}", place, entry.dtype,
                              fmt::join(entry.shape, ", "), bytes, entry.begin, entry.end));
  return entry;
}

/// Every byte of the buffer belongs to exactly one tensor.
void check_tiling(const std::vector<SafetensorsEntry>& entries, int64_t buffer_bytes,
                  const std::string& path) {
  std::vector<const SafetensorsEntry*> by_offset;
  for (const SafetensorsEntry& entry : entries) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  int64_t end = 0;
  for (const SafetensorsEntry* entry : by_offset) {
    if (entry->begin != end)
      throw IoError(fmt::format("{}: must begin where the tensor before it ends, at {}, got {}",
                                tensor_place(path, entry->name), end, entry->begin));
    end = entry->end;
  }
  if (end != buffer_bytes)
    throw IoError(
        fmt::format("{}: tensors must end with the file, {} bytes behind the header, got {}{}",
                    path, end, buffer_bytes, buffer_bytes < end ? " (truncated)" : ""));
}

}  // namespace

std::string tensor_place(const std::string& path, std::string_view name) {
  return fmt::format("{}: tensor {}", path, json_text(name));
}

SafetensorsHeader parse_safetensors_header(std::string_view json, int64_t buffer_bytes,
                                           const std::string& path) {
  if (!json.starts_with('{')) throw IoError(path + ": header must start with '{'");
  dom::parser parser;
  dom::object root;
  auto error = parser.allocate(json.size(), kMaxDepth);
  if (!error) error = parser.parse(json.data(), json.size()).get(root);
  if (error)
    throw IoError(fmt::format("{}: header is not valid JSON, got '{}'", path,
                              simdjson::error_message(error)));
  SafetensorsHeader header;
  std::unordered_set<std::string_view> names;
  for (const auto [name, element] : root) {
    if (!names.insert(name).second)
      throw IoError(tensor_place(path, name) + ": name stands there twice");
    if (name == "__metadata__") {
      header.metadata = parse_metadata(element, path + ": __metadata__");
    } else if (header.entries.size() == kMaxTensors) {
      throw IoError(fmt::format("{}: must hold at most {} tensors", path, kMaxTensors));
    } else {
      header.entries.push_back(parse_entry(name, element, path));
    }
  }
  check_tiling(header.entries, buffer_bytes, path);
  return header;
}

SafetensorsHeader read_safetensors_header(const FileReader& file) {
  if (file.size() < kPrefixBytes)
    throw IoError(fmt::format("{}: too short for a safetensors file, got {} bytes", file.path(),
                              file.size()));
  uint64_t header_bytes;
  file.read_at(0, &header_bytes, kPrefixBytes);
  if (header_bytes > static_cast<uint64_t>(kMaxHeaderBytes))
    throw IoError(fmt::format("{}: header must have at most {} bytes, got {}", file.path(),
                              kMaxHeaderBytes, header_bytes));
  const auto num_bytes = static_cast<int64_t>(header_bytes);
  if (num_bytes > file.size() - kPrefixBytes)
    throw IoError(fmt::format("{}: ends before its header, which has {} bytes, got {} (truncated)",
                              file.path(), num_bytes, file.size() - kPrefixBytes));
  std::string json(num_bytes, '\0');
  file.read_at(kPrefixBytes, json.data(), num_bytes);
  const int64_t buffer_begin = kPrefixBytes + num_bytes;
  SafetensorsHeader header =
      parse_safetensors_header(json, file.size() - buffer_begin, file.path());
  header.buffer_begin = buffer_begin;
  return header;
}

}  // namespace denovo
