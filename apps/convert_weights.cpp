// convert_weights: models of other codebases as model files of ours, and back.
#include <fmt/format.h>

#include "apps/commands/convert_options.h"
#include "core/kernels/backend.h"
#include "core/log/logger.h"
#include "core/program/exit_status.h"
#include "data/coco/dataset.h"
#include "detection/weights/convert_weights.h"
#include "detection/weights/export_weights.h"

namespace {

using namespace denovo;
using namespace denovo::detection;

/// --to: from a model file of ours.
void write_for(const std::string& codebase, const Options& options) {
  if (codebase != "torchvision" && codebase != "detectron2")
    throw ConfigError(fmt::format("--to: must be torchvision or detectron2, got {}", codebase));
  const ExportedWeights exported = export_weights(
      options.text("weights"),
      codebase == "detectron2" ? Codebase::kDetectron2 : Codebase::kTorchvisionDetector,
      options.text("out"));
  Logger logger(options.given("quiet"));
  for (const std::string& line : exported.told) logger.info(line);
  fmt::print("{}\n", exported.line);
}

void check_codebase(const ImportedModel& model, const std::string& wanted) {
  std::string found = name(model.codebase());
  if (found == "Detectron") found = "detectron";
  if (wanted != found)
    throw ConfigError(
        fmt::format("--from {}: {} has the names of {}", wanted, model.path(), found));
}

int convert(int argc, char** argv) {
  Options options("convert_weights",
                  "Turns weights of other codebases into a model file, and back");
  apps::declare_convert_options(options);
  if (!options.parse(argc, argv)) return 0;
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));
  const std::string group = options.given("group") ? options.text("group") : "";
  if (options.given("list")) {
    fmt::print("{}", listing(options.text("weights"), group));
    return 0;
  }
  if (!options.given("out")) throw ConfigError("--out: names the file to write, or give --list");
  if (options.given("to")) {
    write_for(options.text("to"), options);
    return 0;
  }

  ImportedModel model(options.text("weights"), group);
  if (options.given("from")) check_codebase(model, options.text("from"));
  ConfigFields fields = ConfigFields::of(model.config);
  if (options.given("config")) fields.read_file(options.text("config"));
  for (const std::string& assignment : options.overrides()) fields.apply_override(assignment);
  fields.check();
  std::vector<data::CocoCategory> classes = model.categories;
  if (options.given("categories")) {
    const data::CocoDataset dataset = data::read_coco(
        options.text("categories"), data::StructuralDefects::kThrow, data::DatasetPart::kImages);
    classes.assign(dataset.categories().begin(), dataset.categories().end());
  }

  Logger logger(options.given("quiet"));
  logger.info(fmt::format("{}: {}, {}'s names{}", model.path(), model.file().format(),
                          name(model.codebase()),
                          model.picked().told.empty() ? "" : " in " + model.picked().told));
  for (const std::string& line : model.told) logger.info(model.path() + ": " + line);
  if (model.is_detector() && classes.empty())
    logger.warn(fmt::format("{}: has {} classes without names; --categories gives them",
                            model.path(), model.num_classes()));
  fmt::print("{}\n", convert_weights(model, classes, options.text("out")));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, convert);
}
