// ZIP archives whose members are stored as they are, through libzip.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct zip;

namespace denovo::foreign {

struct ZipMember {
  std::string name;
  int64_t bytes = 0;
};

class ZipArchive {
 public:
  /// Throws IoError "<path>: …" when the archive is damaged, members are compressed or encrypted,
  /// have one name, or say that they hold more than the file.
  explicit ZipArchive(const std::string& path);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::vector<ZipMember>& members() const { return members_; }
  /// Null when there is none of this name.
  const ZipMember* find(const std::string& name) const;
  /// Exactly the `bytes` bytes that a member has; its CRC-32 is verified.
  void read(const std::string& name, void* into, int64_t bytes) const;
  std::string text(const ZipMember& member) const;
  /// The first bytes of a member, unverified; all of a shorter one.
  std::string start(const ZipMember& member, int64_t bytes) const;

 private:
  struct OpenMember;

  std::string path_;
  zip* zip_ = nullptr;
  std::vector<ZipMember> members_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace denovo::foreign
