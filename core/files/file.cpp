#include "core/files/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"

namespace denovo {
namespace {

[[noreturn]] void throw_write_error(const std::string& path, int64_t needed, int error) {
  if (error == ENOSPC || error == EDQUOT)
    throw ResourceError(fmt::format("{}: disk full, {} bytes needed, {} are free", path, needed,
                                    free_disk_bytes(path)));
  throw ResourceError(fmt::format("{}: cannot be written, got '{}'", path, std::strerror(error)));
}

[[noreturn]] void throw_read_error(const std::string& path, int error) {
  throw IoError(fmt::format("{}: cannot be read, got '{}'", path, std::strerror(error)));
}

/// One read or write moves at most 2 GiB on Linux.
constexpr int64_t kLargestCall = int64_t{1} << 30;

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

FileReader::FileReader(std::string path)
    // Opening a FIFO would wait for its writer.
    : path_(std::move(path)), fd_(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat status {};
  if (fd_.get() < 0 || fstat(fd_.get(), &status) != 0) throw_read_error(path_, errno);
  if (S_ISDIR(status.st_mode)) throw_read_error(path_, EISDIR);
  if (!S_ISREG(status.st_mode)) throw IoError(path_ + ": must be a regular file");
  size_ = status.st_size;
}

void FileReader::read_at(int64_t offset, void* into, int64_t bytes) const {
  auto* target = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t got = pread(fd_.get(), target, std::min(bytes, kLargestCall), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_read_error(path_, errno);
    if (got == 0)
      throw IoError(fmt::format("{}: ends at byte {}, {} more expected", path_, offset, bytes));
    target += got;
    offset += got;
    bytes -= got;
  }
}

std::string read_file(const std::string& path) {
  const FileReader file(path);
  std::string content(file.size(), '\0');
  file.read_at(0, content.data(), file.size());
  return content;
}

FileWriter::FileWriter(const std::string& path, Mode mode, std::string name)
    : name_(name.empty() ? path : std::move(name)),
      fd_(open(path.c_str(),
               O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::kAppend ? O_APPEND : O_TRUNC),
               0666)) {
  if (fd_.get() < 0) throw_write_error(name_, 0, errno);
}

void FileWriter::write(const void* data, int64_t bytes) {
  const auto* source = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t put = ::write(fd_.get(), source, std::min(bytes, kLargestCall));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_write_error(name_, bytes, errno);
    source += put;
    bytes -= put;
  }
}

void FileWriter::sync_and_close() {
  // Network file systems report a full disk only here.
  if (fsync(fd_.get()) != 0 && errno != EINVAL) throw_write_error(name_, 0, errno);
  if (close(fd_.release()) != 0) throw_write_error(name_, 0, errno);
}

void sync_path(const std::string& path) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // EINVAL: some file systems cannot sync a directory.
  if (fd.get() < 0 || (fsync(fd.get()) != 0 && errno != EINVAL)) throw_write_error(path, 0, errno);
}

int64_t free_disk_bytes(const std::string& path) {
  std::error_code ignored;
  std::filesystem::path existing = std::filesystem::absolute(path, ignored);
  while (!std::filesystem::exists(existing, ignored) && existing.has_relative_path())
    existing = existing.parent_path();
  struct statvfs status {};
  if (statvfs(existing.c_str(), &status) != 0) return 0;
  return static_cast<int64_t>(status.f_bavail) * static_cast<int64_t>(status.f_frsize);
}

void require_free_disk(const std::string& path, int64_t bytes) {
  const int64_t free_bytes = free_disk_bytes(path);
  if (free_bytes < bytes)
    throw ResourceError(
        fmt::format("{}: disk full, {} bytes needed, {} are free", path, bytes, free_bytes));
}

}  // namespace denovo
