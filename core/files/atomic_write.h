// Files, symlinks and directories that appear whole or not at all: written under a dotted name
// beside the target (renames do not cross file systems), forced to the disk, renamed, and the
// rename forced to the disk as well. A crash leaves at most a `.NAME.tmp-PID`, which nothing reads.
// Every failure is a ResourceError and leaves the old content in place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/files/file.h"

namespace denovo {

/// A file that replaces `path` on commit(); without commit() the target stays as it was.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, int64_t bytes) { writer_->write(data, bytes); }
  void write(std::string_view text) { writer_->write(text); }
  void commit();

 private:
  std::string path_, temporary_;
  std::optional<FileWriter> writer_;
};

/// AtomicFile in one call.
void replace_file(const std::string& path, std::string_view content);

/// Makes `link` a symlink to `target` (as written, usually a sibling's name), replacing an old one.
void replace_symlink(const std::string& link, const std::string& target);

/// A directory that takes the place of `path` on commit(), with all that was put into
/// working_path() until then. An older directory there is exchanged in the same instant and
/// deleted.
class AtomicDirectory {
 public:
  explicit AtomicDirectory(std::string path);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  const std::string& working_path() const { return temporary_; }
  void commit();

 private:
  std::string path_, temporary_;
};

/// Deletes what crashed processes left in `directory` (`.NAME.tmp-PID`); call it only while holding
/// the lock of the run.
void remove_unfinished(const std::string& directory);

/// mkdir -p; throws ResourceError.
void create_directories(const std::string& path);

}  // namespace denovo
