#include "apps/commands/detect_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/commands/model_options.h"
#include "apps/commands/tta_options.h"
#include "core/error.h"

namespace denovo::apps {

void declare_detect_options(Options& options) {
  declare_model_options(options);
  // name, placeholder, meaning, default, required, many
  options.add({"images", "FILE|DIR", "images, or folders of JPEG and PNG files", "", true, true});
  options.add({"out", "DIR", "folder to create: results.json and pictures", "", true});
  options.add({"score-threshold", "S", "lowest score of a detection", "0.5"});
  options.add({"classes", "A,B", "find these classes only"});
  options.add({"max-detections", "N", "most detections per image", "100"});
  options.add(
      {"annotations", "FILE",
       "COCO JSON whose ids the results carry: of its images, and of its categories by class "
       "name; without it image_id counts from 0 and category_id is that of training"});
  declare_tta_options(options);
}

void check_detect_options(const Options& options) {
  const std::string& out = options.text("out");
  if (std::filesystem::exists(out) &&
      (!std::filesystem::is_directory(out) || !std::filesystem::is_empty(out)))
    throw ConfigError(fmt::format("{}: exists and is not empty; choose another --out", out));
  asked_tta(options);
}

}  // namespace denovo::apps
