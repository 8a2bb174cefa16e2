// safetensors as a foreign file: element types that ours do not have, and no rule about names.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/error.h"
#include "core/foreign/foreign_file.h"
#include "core/foreign/pickled_arrays.h"
#include "core/foreign/zip_archive.h"

namespace denovo::foreign {
namespace {

struct SafetensorsType {
  std::string_view name;
  ElementType type;
};
constexpr std::array kTypes = {
    SafetensorsType{"F64", ElementType::kF64}, SafetensorsType{"F32", ElementType::kF32},
    SafetensorsType{"F16", ElementType::kF16}, SafetensorsType{"BF16", ElementType::kBF16},
    SafetensorsType{"I64", ElementType::kI64}, SafetensorsType{"I32", ElementType::kI32},
    SafetensorsType{"I16", ElementType::kI16}, SafetensorsType{"I8", ElementType::kI8},
    SafetensorsType{"U8", ElementType::kU8},   SafetensorsType{"BOOL", ElementType::kBool}};

}  // namespace

ForeignContents read_foreign_safetensors(const FileReader& file) {
  SafetensorsHeader header = read_safetensors_header(file);
  ForeignContents contents;
  contents.format = "safetensors";
  contents.metadata = std::move(header.metadata);
  contents.source = std::make_unique<ByteSource>(file, file.path());
  for (SafetensorsEntry& entry : header.entries) {
    const SafetensorsType* type = nullptr;
    for (const SafetensorsType& known : kTypes)
      if (known.name == entry.dtype) type = &known;
    if (!type)
      throw IoError(fmt::format("{}: no tensor here holds elements {}",
                                tensor_place(file.path(), entry.name), entry.dtype));
    ForeignTensor tensor;
    tensor.name = std::move(entry.name);
    tensor.type = type->type;
    tensor.shape = std::move(entry.shape);
    tensor.strides = packed_strides(tensor.shape, false);
    tensor.storage = contents.storages.size();
    const ByteSpan span{header.buffer_begin + entry.begin, entry.end - entry.begin};
    contents.storages.push_back({ForeignStorage::Kind::kSource, span, {}, span.size});
    contents.tensors.push_back(std::move(tensor));
  }
  return contents;
}

}  // namespace denovo::foreign
