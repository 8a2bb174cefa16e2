// Reading and writing of whole files with errors that name the file, the rule and the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace denovo {

/// A file descriptor that closes itself.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

/// An open file, read at any offset from any thread.
class FileReader {
 public:
  /// Throws IoError when `path` cannot be opened or is not a regular file.
  explicit FileReader(std::string path);

  const std::string& path() const { return path_; }
  /// Bytes when it was opened.
  int64_t size() const { return size_; }
  /// Copies exactly `bytes` bytes from `offset`; throws IoError when the file ends before.
  void read_at(int64_t offset, void* into, int64_t bytes) const;

 private:
  std::string path_;
  FileDescriptor fd_;
  int64_t size_ = 0;
};

/// The whole content; throws IoError.
std::string read_file(const std::string& path);

/// A file being written. Every failure is a ResourceError; a full disk names the bytes that are
/// needed and free.
class FileWriter {
 public:
  enum class Mode {
    kReplace,  ///< create, or empty what is there
    kAppend,   ///< create, or write behind what is there
  };
  /// Errors speak of `name` where the file is only on its way to that name, else of the path.
  FileWriter(const std::string& path, Mode mode, std::string name = "");

  void write(const void* data, int64_t bytes);
  void write(std::string_view text) { write(text.data(), static_cast<int64_t>(text.size())); }
  /// Forces the content to the disk and closes; the destructor alone does neither check.
  void sync_and_close();

 private:
  std::string name_;
  FileDescriptor fd_;
};

/// Forces the entries of a directory (or the content of a file) to the disk.
void sync_path(const std::string& path);

/// Bytes that an unprivileged process may still write on the file system of `path`, which need not
/// exist yet; its nearest existing parent counts.
int64_t free_disk_bytes(const std::string& path);

/// Throws ResourceError `<path>: disk full, <needed> bytes needed, <free> are free` when fewer than
/// `bytes` are free.
void require_free_disk(const std::string& path, int64_t bytes);

}  // namespace denovo
