#include "core/error.h"

#include <new>

#include "core/dist/rank_error.h"
#include "core/program/exit_status.h"

namespace denovo {

int exit_code(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) || dynamic_cast<const DeviceError*>(&error))
    return kUsageStatus;
  if (dynamic_cast<const IoError*>(&error)) return kDataStatus;
  if (dynamic_cast<const ResourceError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error))
    return kExhaustedStatus;
  if (dynamic_cast<const RankError*>(&error)) return kRankStatus;
  if (const auto* peer = dynamic_cast<const PeerError*>(&error)) return peer->status();
  return kFailedStatus;
}

}  // namespace denovo
