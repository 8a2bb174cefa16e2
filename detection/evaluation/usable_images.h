// Which images of a data set can be used: found before the first step of what may take a night.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "data/coco/image_files.h"

namespace denovo::detection {

struct UsableImagesOptions {
  data::Look depth = data::Look::kPixels;
  bool skip_bad = false;  // data.on_bad_image = "skip"; otherwise the first fault is an IoError
  std::string_view consequence = "they are left out";  // of being skipped, for the warning
};

struct UsableImages {
  std::vector<int> images;            // those without a fault, in the order given
  std::vector<std::string> warnings;  // the first faults and how many there are
};

/// Looks at `images` (ascending), each rank at its share, with progress; all ranks learn the same.
/// Throws IoError, naming the first bad image and how many there are, unless they are skipped; and
/// when none is left. A signal that comes meanwhile ends the look: nothing is known then.
/// Collective.
UsableImages usable_images(const data::ImageFiles& files, std::span<const int> images,
                           const UsableImagesOptions& options, Logger& logger,
                           ProcessGroup& group = ProcessGroup::alone());

}  // namespace denovo::detection
