// Errors of jobs with several ranks; beside those of core/error.h.
#pragma once

#include "core/error.h"

namespace denovo {

/// A rank of this job failed or hangs. kRankStatus.
class RankError : public Error {
 public:
  using Error::Error;
};

/// Another rank failed and tells why; this one ends with the same exit status and says nothing.
class PeerError : public Error {
 public:
  PeerError(const std::string& text, int status) : Error(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

}  // namespace denovo
