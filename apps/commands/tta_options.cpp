#include "apps/commands/tta_options.h"

#include "core/error.h"

namespace denovo::apps {

using detection::TestTimeConfig;

void declare_tta_options(Options& options) {
  options.add(
      {"tta", "",
       "look at each image in several sizes and mirrored, and join what is found: slower by "
       "more than ten times"});
  options.add_config(config_help<TestTimeConfig>(), config_markdown<TestTimeConfig>());
}

std::optional<detection::TtaConfig> asked_tta(const Options& options) {
  if (options.given("tta"))
    return load_config<TestTimeConfig>(options.text("config"), options.overrides()).tta;
  if (options.given("config") || !options.overrides().empty())
    throw ConfigError("the keys test.tta.* need --tta");
  return std::nullopt;
}

}  // namespace denovo::apps
