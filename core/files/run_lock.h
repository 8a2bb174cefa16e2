// One process at a time may write into a run directory.
#pragma once

#include <string>

#include "core/files/file.h"

namespace denovo {

/// Holds `DIRECTORY/.lock` by flock(2) for as long as it lives; the kernel drops the lock of a
/// process that died, and the file disappears with the object.
/// Throws ConfigError `<directory>: in use by process <pid>, ...` when another process (or another
/// RunLock of this one) holds it, ResourceError when the file cannot be made.
class RunLock {
 public:
  explicit RunLock(const std::string& directory);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Whether somebody holds it, for whoever only wants to know. A look is itself a hold, for an
  /// instant and beside other looks; therefore the constructor tries for a moment.
  static bool is_held(const std::string& directory);

 private:
  std::string path_;
  FileDescriptor fd_;
};

}  // namespace denovo
