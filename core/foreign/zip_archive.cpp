#include "core/foreign/zip_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "core/error.h"
#include "core/files/safetensors_header.h"

namespace denovo::foreign {
namespace {

// Reads of libzip are capped so that no size is ever negative in its types.
constexpr int64_t kReadBytes = int64_t{1} << 30;

std::string error_text(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

ZipArchive::ZipArchive(const std::string& path) : path_(path) {
  int code = 0;
  zip_ = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (!zip_) throw IoError(fmt::format("{}: is no intact ZIP archive: {}", path, error_text(code)));
  std::unique_ptr<zip, decltype(&zip_discard)> guard(zip_, &zip_discard);
  const auto file_bytes = static_cast<zip_uint64_t>(std::filesystem::file_size(path));
  const zip_int64_t count = zip_get_num_entries(zip_, 0);
  if (count > kMaxTensors)
    throw IoError(
        fmt::format("{}: must have at most {} members, got {}", path, kMaxTensors, count));
  zip_uint64_t total = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                     ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(zip_, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW, &stat) != 0 ||
        (stat.valid & kNeeded) != kNeeded)
      throw IoError(fmt::format("{}: member {} of the archive is damaged", path, i));
    const std::string place = tensor_place(path, std::string(stat.name).substr(0, 600));
    if (stat.encryption_method != ZIP_EM_NONE)
      throw IoError(fmt::format("{}: must not be encrypted", place));
    if (stat.comp_method != ZIP_CM_STORE)
      throw IoError(fmt::format(
          "{}: must not be compressed; numpy.savez and torch.save write it as it is", place));
    total += std::min(stat.size, file_bytes + 1);
    if (stat.size != stat.comp_size || total > file_bytes)
      throw IoError(fmt::format("{}: must not hold more than the archive of {} bytes, got {}",
                                place, file_bytes, stat.size));
    if (!index_.emplace(stat.name, members_.size()).second)
      throw IoError(fmt::format("{}: stands there twice", place));
    members_.push_back({stat.name, static_cast<int64_t>(stat.size)});
  }
  guard.release();  // from here on the destructor closes it
}

ZipArchive::~ZipArchive() {
  zip_discard(zip_);
}

const ZipMember* ZipArchive::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &members_[found->second];
}

/// A member that is being read.
struct ZipArchive::OpenMember {
  OpenMember(const ZipArchive& archive, const std::string& name)
      : place(tensor_place(archive.path_, name.substr(0, 600))),
        file(zip_fopen_index(archive.zip_, archive.index_.at(name), 0), &zip_fclose) {
    if (!file) throw damaged(zip_strerror(archive.zip_));
  }

  IoError damaged(const std::string& why) const {
    return IoError(fmt::format("{}: is damaged: {}", place, why));
  }
  /// Bytes that were read; 0 at the end, where the checksum is compared.
  int64_t read(void* into, int64_t bytes) const {
    const zip_int64_t got =
        zip_fread(file.get(), into, static_cast<zip_uint64_t>(std::min(bytes, kReadBytes)));
    if (got < 0) throw damaged(zip_file_strerror(file.get()));
    return got;
  }

  std::string place;
  std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file;
};

void ZipArchive::read(const std::string& name, void* into, int64_t bytes) const {
  const OpenMember member(*this, name);
  for (int64_t done = 0; done < bytes;) {
    const int64_t got = member.read(static_cast<char*>(into) + done, bytes - done);
    if (got == 0) throw member.damaged(fmt::format("must have {} bytes, got {}", bytes, done));
    done += got;
  }
  char past_end = 0;
  if (member.read(&past_end, 1) != 0)
    throw member.damaged(fmt::format("must have {} bytes, got more", bytes));
}

std::string ZipArchive::text(const ZipMember& member) const {
  std::string text(static_cast<size_t>(member.bytes), '\0');
  read(member.name, text.data(), member.bytes);
  return text;
}

std::string ZipArchive::start(const ZipMember& member, int64_t bytes) const {
  std::string text(static_cast<size_t>(std::min(bytes, member.bytes)), '\0');
  const OpenMember open(*this, member.name);
  for (size_t done = 0; done < text.size();) {
    const int64_t got = open.read(text.data() + done, static_cast<int64_t>(text.size() - done));
    if (got == 0) throw open.damaged(fmt::format("must have {} bytes, got {}", member.bytes, done));
    done += static_cast<size_t>(got);
  }
  return text;
}

}  // namespace denovo::foreign
