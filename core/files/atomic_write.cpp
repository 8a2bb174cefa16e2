#include "core/files/atomic_write.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace denovo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".tmp-";

/// Trailing slashes would make the name of the last component empty.
std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string temporary_for(const std::string& path) {
  const fs::path target(path);
  return (target.parent_path() /
          fmt::format(".{}{}{}", target.filename().string(), kMark, getpid()))
      .string();
}

[[noreturn]] void throw_failed(const std::string& path, const std::string& reason) {
  throw ResourceError(fmt::format("{}: cannot be written, got '{}'", path, reason));
}

void rename_into_place(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_failed(to, std::strerror(errno));
  sync_path(parent_of(to));
}

}  // namespace

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), temporary_(temporary_for(path_)) {
  writer_.emplace(temporary_, FileWriter::Mode::kReplace, path_);
}

AtomicFile::~AtomicFile() {
  if (writer_) std::remove(temporary_.c_str());
}

void AtomicFile::commit() {
  writer_->sync_and_close();
  rename_into_place(temporary_, path_);
  writer_.reset();
}

void replace_file(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void replace_symlink(const std::string& link, const std::string& target) {
  const std::string temporary = temporary_for(link);
  std::remove(temporary.c_str());
  if (symlink(target.c_str(), temporary.c_str()) != 0) throw_failed(link, std::strerror(errno));
  rename_into_place(temporary, link);
}

void create_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_failed(path, error.message());
}

AtomicDirectory::AtomicDirectory(std::string path)
    : path_(without_slash(std::move(path))), temporary_(temporary_for(path_)) {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  create_directories(temporary_);
}

AtomicDirectory::~AtomicDirectory() {
  // After a successful exchange this is the old directory.
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void AtomicDirectory::commit() {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(temporary_, error), end; !error && entry != end;
       entry.increment(error))
    if (!entry->is_symlink()) sync_path(entry->path().string());
  if (error) throw_failed(temporary_, error.message());
  sync_path(temporary_);
  if (fs::exists(fs::symlink_status(path_)) &&
      renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
    sync_path(parent_of(path_));
    return;
  }
  rename_into_place(temporary_, path_);
}

void remove_unfinished(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    const size_t mark = name.rfind(kMark);
    if (name.front() != '.' || mark == std::string::npos) continue;
    const std::string pid = name.substr(mark + kMark.size());
    if (!pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos)
      fs::remove_all(entry.path(), error);
  }
}

}  // namespace denovo
