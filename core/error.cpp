#include "core/error.h"

#include <new>

namespace denovo {

int exit_code(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) || dynamic_cast<const DeviceError*>(&error))
    return 2;
  if (dynamic_cast<const IoError*>(&error)) return 3;
  if (dynamic_cast<const ResourceError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error))
    return 4;
  return 1;
}

}  // namespace denovo
