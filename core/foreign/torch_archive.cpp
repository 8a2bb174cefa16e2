// PyTorch's files from 1.6 on: STEM/data.pkl, STEM/data/KEY for each storage, STEM/byteorder.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/foreign/foreign_file.h"
#include "core/foreign/pickled_tensors.h"
#include "core/foreign/zip_archive.h"

namespace denovo::foreign {

ForeignContents read_torch_archive(const std::string& path, std::unique_ptr<ZipArchive> archive) {
  const auto& members = archive->members();
  const auto pickle_member =
      std::find_if(members.begin(), members.end(), [](const ZipMember& member) {
        return member.name == "data.pkl" || member.name.ends_with("/data.pkl");
      });
  if (pickle_member == members.end())
    throw IoError(fmt::format("{}: has no data.pkl, so PyTorch did not write it", path));
  // The folder has the name of the file when it was saved, whatever that was.
  const std::string folder =
      pickle_member->name.substr(0, pickle_member->name.size() - std::string("data.pkl").size());
  if (archive->find(folder + "constants.pkl"))
    throw IoError(fmt::format(
        "{}: is TorchScript, which holds code; save the state dict of the module instead", path));
  if (const ZipMember* order = archive->find(folder + "byteorder")) {
    if (const std::string text = archive->text(*order); text.starts_with("big"))
      throw IoError(fmt::format("{}: must be little-endian, got byteorder big", path));
  }

  ForeignContents contents;
  contents.format = "a PyTorch archive";
  contents.source =
      std::make_unique<ByteSource>(archive->text(*pickle_member), path + ": data.pkl");
  const Pickle pickle(*contents.source, weight_globals());
  std::unordered_map<std::string, size_t> known;
  collect_tensors(
      pickle,
      [&](const TorchStorage& told) {
        const auto [entry, is_new] = known.emplace(told.key, contents.storages.size());
        if (!is_new) {
          if (contents.storages[entry->second].bytes != told.bytes)
            throw IoError(fmt::format("{}: storage {} must have one size, got {} and {} bytes",
                                      path, told.key, contents.storages[entry->second].bytes,
                                      told.bytes));
          return entry->second;
        }
        ForeignStorage storage{
            ForeignStorage::Kind::kMember, {}, folder + "data/" + told.key, told.bytes};
        const ZipMember* const member = archive->find(storage.member);
        if (!member || member->bytes != told.bytes)
          throw IoError(fmt::format("{}: must hold a member {} of {} bytes, got {}", path,
                                    storage.member, told.bytes,
                                    member ? std::to_string(member->bytes) : "none"));
        contents.storages.push_back(std::move(storage));
        return entry->second;
      },
      contents);
  contents.archive = std::move(archive);
  return contents;
}

}  // namespace denovo::foreign
