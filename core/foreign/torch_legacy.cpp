// PyTorch's files before 1.6: five pickles (magic number, protocol 1001, facts of the machine, the
// object, the list of storage keys), then each storage as its number of elements and these.
#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/foreign/foreign_file.h"
#include "core/foreign/pickled_tensors.h"
#include "core/foreign/pickled_values.h"
#include "core/foreign/zip_archive.h"

namespace denovo::foreign {
namespace {

constexpr int64_t kProtocol = 1001;

void check_byte_order(const Pickle& facts, const ByteSource& source) {
  const PickledValues values(facts, source);
  const auto& items = facts.root().items;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if (values.key(facts[items[i]]) == "little_endian" && !values.boolean(facts[items[i + 1]]))
      values.fail("must be little-endian, got little_endian false");
}

}  // namespace

ForeignContents read_torch_legacy(const FileReader& file) {
  ForeignContents contents;
  contents.format = "a PyTorch file of before 1.6";
  contents.source = std::make_unique<ByteSource>(file, file.path());
  ByteSource& source = *contents.source;
  const auto globals = weight_globals();

  // The magic number has 80 bits and is recognised by its bytes.
  source.skip(15, "the magic number");
  const Pickle protocol(source, globals);
  if (protocol.root().kind != PickleValue::Kind::kInteger || protocol.root().integer != kProtocol)
    throw IoError(fmt::format("{}: must have PyTorch's protocol {}", file.path(), kProtocol));
  check_byte_order(Pickle(source, globals), source);
  const Pickle object(source, globals);

  std::unordered_map<std::string, size_t> known;
  std::vector<ElementType> types;
  collect_tensors(
      object,
      [&](const TorchStorage& told) {
        const auto [entry, is_new] = known.emplace(told.key, contents.storages.size());
        if (is_new) {
          contents.storages.push_back({ForeignStorage::Kind::kSource, {}, {}, told.bytes});
          types.push_back(told.type);
        } else if (contents.storages[entry->second].bytes != told.bytes) {
          throw IoError(fmt::format("{}: storage {} must have one size, got {} and {} bytes",
                                    file.path(), told.key, contents.storages[entry->second].bytes,
                                    told.bytes));
        }
        return entry->second;
      },
      contents);

  const Pickle keys(source, globals);
  const PickledValues values(keys, source);
  size_t found = 0;
  for (size_t i = 0; i < keys.root().items.size(); ++i) {
    const std::string key = values.text(values.at(keys.root(), i));
    const uint64_t elements = source.integer(8, "the size of a storage");
    const auto storage = known.find(key);
    if (storage == known.end())
      throw IoError(
          fmt::format("{}: storage {} belongs to no tensor that was found, so what follows "
                      "cannot be told",
                      file.path(), key));
    ForeignStorage& place = contents.storages[storage->second];
    if (elements > static_cast<uint64_t>(file.size()) || place.span.begin != 0 ||
        place.bytes != static_cast<int64_t>(elements) * size_of(types[storage->second]))
      throw IoError(
          fmt::format("{}: storage {} must stand there once with {} bytes, got {} elements",
                      file.path(), key, place.bytes, elements));
    place.span = source.skip(static_cast<uint64_t>(place.bytes), "a storage");
    ++found;
  }
  if (found != contents.storages.size() || !source.at_end())
    throw IoError(fmt::format("{}: must end with its {} storages, got {} and {} bytes behind them",
                              file.path(), contents.storages.size(), found,
                              source.size() - source.position()));
  return contents;
}

}  // namespace denovo::foreign
