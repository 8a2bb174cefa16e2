// Errors: typed exceptions whose text is one sentence,
//   <where>: <rule or fact>, got <value>
// in lower case, without a trailing period. Libraries throw, programs turn the type into an exit
// code; nothing below apps/ ever exits.
#pragma once

#include <stdexcept>
#include <string>

namespace denovo {

/// Base of everything that denovo throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A caller broke a contract on shapes, dtypes or values.
class ShapeError : public Error {
 public:
  using Error::Error;
};
/// A tensor is on the wrong device, or this build or machine lacks the device.
class DeviceError : public Error {
 public:
  using Error::Error;
};
/// A library call failed (oneDNN, cuDNN, cuBLAS, NCCL, MPI).
class BackendError : public Error {
 public:
  using Error::Error;
};
/// A file holds bad data: names file, item, rule and value.
class IoError : public Error {
 public:
  using Error::Error;
};
/// Wrong usage or configuration; found before anything is written.
class ConfigError : public Error {
 public:
  using Error::Error;
};
/// Device or host memory, or the disk, is exhausted.
class ResourceError : public Error {
 public:
  using Error::Error;
};
/// Training met a loss or gradient that is not finite.
class DivergedError : public Error {
 public:
  using Error::Error;
};
/// Our own bug.
class InternalError : public Error {
 public:
  using Error::Error;
};

/// Exit status of a program that ends by this exception (core/program/exit_status.h):
///   kUsageStatus      ConfigError, DeviceError: the device was asked for
///   kDataStatus       IoError
///   kExhaustedStatus  ResourceError, std::bad_alloc
///   kFailedStatus     all others; ranks have errors of their own (core/dist/rank_error.h)
int exit_code(const std::exception& error);

}  // namespace denovo

/// Throws InternalError when our own invariant is broken; active in every build, so keep it off
/// per-element paths.
#define DENOVO_DCHECK(condition) \
  ((condition)                   \
       ? void(0)                 \
       : throw ::denovo::InternalError(std::string(__func__) + ": invariant broken: " #condition))
