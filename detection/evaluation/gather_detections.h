// Detections of all ranks on rank 0.
#pragma once

#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "detection/prediction/post_process.h"

namespace denovo::detection {

/// On rank 0 the detections of all ranks in ascending image id, elsewhere nothing. Collective.
std::vector<ImageDetections> gather_detections(std::vector<ImageDetections> own,
                                               ProcessGroup& group);

/// Bytes for another process of the same build on the same kind of machine, and back.
std::string to_bytes(const std::vector<ImageDetections>& images);
std::vector<ImageDetections> detections_of(const std::string& bytes);

}  // namespace denovo::detection
