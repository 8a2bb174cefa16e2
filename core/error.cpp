#include "core/error.h"

#include <new>

#include "core/dist/rank_error.h"

namespace denovo {

int exit_code(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) || dynamic_cast<const DeviceError*>(&error))
    return 2;
  if (dynamic_cast<const IoError*>(&error)) return kDataStatus;
  if (dynamic_cast<const ResourceError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error))
    return kExhaustedStatus;
  if (dynamic_cast<const RankError*>(&error)) return 5;
  if (const auto* peer = dynamic_cast<const PeerError*>(&error)) return peer->status();
  return 1;
}

}  // namespace denovo
