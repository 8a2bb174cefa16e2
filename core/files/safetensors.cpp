#include "core/files/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/json_writer.h"
#include "core/program/nearest_name.h"

namespace denovo {
namespace {

static_assert(std::endian::native == std::endian::little, "values are stored as they lie");

struct DTypePair {
  std::string_view file;
  DType memory;
};
constexpr DTypePair kDTypes[] = {
    {"F32", DType::kF32}, {"F64", DType::kF64}, {"BF16", DType::kBF16}, {"I32", DType::kI32},
    {"I64", DType::kI64}, {"U8", DType::kU8},   {"BOOL", DType::kBool}};

std::optional<DType> memory_dtype(std::string_view file) {
  for (const DTypePair& pair : kDTypes)
    if (pair.file == file) return pair.memory;
  return std::nullopt;
}

std::string_view file_dtype(DType memory) {
  for (const DTypePair& pair : kDTypes)
    if (pair.memory == memory) return pair.file;
  throw InternalError("safetensors: dtype has no name in files");
}

/// Order of the tensors in the buffer: wide elements first, so that each lies aligned.
std::vector<size_t> buffer_order(const NamedTensors& tensors) {
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return size_of(tensors[a].second.dtype()) > size_of(tensors[b].second.dtype());
  });
  return order;
}

void check_names(const NamedTensors& tensors) {
  std::unordered_set<std::string_view> names = {"__metadata__"};
  DENOVO_DCHECK(tensors.size() <= static_cast<size_t>(kMaxTensors));
  for (const auto& [name, tensor] : tensors) {
    DENOVO_DCHECK(names.insert(name).second);
    DENOVO_DCHECK(name.size() <= kMaxTensorNameBytes && name.find('\0') == std::string::npos);
    DENOVO_DCHECK(tensor.defined());
  }
}

/// The JSON text, padded with spaces so that the buffer behind it is 8-byte aligned.
std::string header_text(const NamedTensors& tensors, const std::vector<size_t>& order,
                        const Metadata& metadata) {
  std::vector<size_t> begin(tensors.size());
  size_t offset = 0;
  for (const size_t i : order) {
    begin[i] = offset;
    offset += tensors[i].second.bytes();
  }
  JsonWriter json;
  json.begin_object();
  if (!metadata.empty()) {
    json.key("__metadata__").begin_object();
    for (const auto& [key, text] : metadata) json.field(key, text);
    json.end_object();
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    json.key(name).begin_object().field("dtype", file_dtype(tensor.dtype()));
    json.key("shape").begin_array();
    for (int d = 0; d < tensor.rank(); ++d) json.value(tensor.size(d));
    json.end_array().key("data_offsets").begin_array();
    json.value(begin[i]).value(begin[i] + tensor.bytes()).end_array().end_object();
  }
  json.end_object();
  std::string text = json.text();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

void check_bools(const Tensor& tensor, const std::string& place) {
  if (tensor.dtype() != DType::kBool) return;
  const auto* bytes = reinterpret_cast<const uint8_t*>(tensor.raw());
  for (int64_t i = 0; i < tensor.numel(); ++i)
    if (bytes[i] > 1)
      throw IoError(fmt::format("{}: element {} must be 0 or 1, got {}", place, i, bytes[i]));
}

SafetensorsFile::SafetensorsFile(const std::string& path)
    : file_(path), header_(read_safetensors_header(file_)) {}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::find_if(entries().begin(), entries().end(),
                                  [&](const SafetensorsEntry& e) { return e.name == name; });
  return found == entries().end() ? nullptr : &*found;
}

Tensor SafetensorsFile::read(const SafetensorsEntry& entry) const {
  const std::string place = tensor_place(path(), entry.name);
  const std::optional<DType> dtype = memory_dtype(entry.dtype);
  if (!dtype)
    throw IoError(fmt::format("{}: dtype must be one of F32, F64, BF16, I32, I64, U8, BOOL, got {}",
                              place, entry.dtype));
  if (entry.shape.size() > static_cast<size_t>(Shape::kMaxRank))
    throw IoError(fmt::format("{}: must have at most {} dimensions, got {}", place, Shape::kMaxRank,
                              entry.shape.size()));
  const Shape shape(entry.shape.data(), static_cast<int>(entry.shape.size()));
  const Tensor tensor = Tensor::empty(shape, *dtype);
  file_.read_at(header_.buffer_begin + entry.begin, tensor.raw(), entry.end - entry.begin);
  check_bools(tensor, place);
  return tensor;
}

Tensor SafetensorsFile::read(std::string_view name) const {
  if (const SafetensorsEntry* entry = find(name)) return read(*entry);
  std::vector<std::string> names;
  for (const SafetensorsEntry& entry : entries()) names.push_back(entry.name);
  throw IoError(
      fmt::format("{}: is not there{}", tensor_place(path(), name), did_you_mean(name, names)));
}

NamedTensors read_safetensors(const std::string& path) {
  const SafetensorsFile file(path);
  NamedTensors tensors;
  for (const SafetensorsEntry& entry : file.entries())
    tensors.emplace_back(entry.name, file.read(entry));
  return tensors;
}

void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const Metadata& metadata) {
  check_names(tensors);
  const std::vector<size_t> order = buffer_order(tensors);
  const std::string header = header_text(tensors, order, metadata);
  int64_t bytes = static_cast<int64_t>(sizeof(uint64_t) + header.size());
  for (const auto& [name, tensor] : tensors) bytes += static_cast<int64_t>(tensor.bytes());
  require_free_disk(path, bytes);

  AtomicFile file(path);
  const uint64_t header_bytes = header.size();
  file.write(&header_bytes, sizeof(header_bytes));
  file.write(header);
  for (const size_t i : order) {
    const Tensor& given = tensors[i].second;
    const Tensor tensor = given.device().is_cpu() ? given : given.to(kCpu);
    file.write(tensor.raw(), static_cast<int64_t>(tensor.bytes()));
  }
  file.commit();
}

}  // namespace denovo
