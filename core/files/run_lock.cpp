#include "core/files/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "core/error.h"

namespace denovo {
namespace {

std::string owner_of(int fd) {
  char text[32] = {};
  const ssize_t bytes = pread(fd, text, sizeof(text) - 1, 0);
  return bytes > 0 ? "process " + std::string(text, bytes) : std::string("another process");
}

/// Waits for whoever only looks, who has gone after this long.
bool lock_in_a_moment(int fd) {
  constexpr int kTries = 10;
  constexpr std::chrono::milliseconds kPause{10};
  for (int i = 1; flock(fd, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK || i == kTries) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

/// False when the owner before us deleted the file between our open and our lock.
bool still_there(int fd, const std::string& path) {
  struct stat held {
  }, found{};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &found) == 0 && held.st_ino == found.st_ino &&
         held.st_dev == found.st_dev;
}

}  // namespace

RunLock::RunLock(const std::string& directory) : path_(directory + "/.lock") {
  do {
    fd_ = FileDescriptor(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd_.get() < 0)
      throw ResourceError(
          fmt::format("{}: cannot be written, got '{}'", path_, std::strerror(errno)));
    if (!lock_in_a_moment(fd_.get())) {
      if (errno == EWOULDBLOCK)
        throw ConfigError(fmt::format("{}: in use by {}, wait for it or choose another directory",
                                      directory, owner_of(fd_.get())));
      throw ResourceError(
          fmt::format("{}: cannot be locked, got '{}'", path_, std::strerror(errno)));
    }
  } while (!still_there(fd_.get(), path_));
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd_.get(), 0) != 0 || pwrite(fd_.get(), pid.data(), pid.size(), 0) < 0) {
    // The lock holds without the number, which only helps the message of another process.
  }
}

RunLock::~RunLock() {
  unlink(path_.c_str());
}

bool RunLock::is_held(const std::string& directory) {
  const FileDescriptor file(open((directory + "/.lock").c_str(), O_RDONLY | O_CLOEXEC));
  return file.get() >= 0 && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace denovo
