#include "apps/commands/model_options.h"

#include "core/error.h"
#include "detection/weights/detector_file.h"

namespace denovo::apps {

void declare_model_options(Options& options) {
  options.add({"run", "RUN", "run directory whose model is used"});
  options.add({"checkpoint", "NAME", "checkpoint of --run: last, best or a name", "last"});
  options.add({"weights", "FILE", "model.safetensors of a checkpoint, in place of --run"});
}

std::string model_file(const Options& options) {
  if (options.given("run") == options.given("weights"))
    throw ConfigError("give a model by --run or by --weights, and not by both");
  if (options.given("checkpoint") && !options.given("run"))
    throw ConfigError("--checkpoint needs --run");
  return options.given("weights")
             ? options.text("weights")
             : detection::model_file_of_run(options.text("run"), options.text("checkpoint"));
}

}  // namespace denovo::apps
