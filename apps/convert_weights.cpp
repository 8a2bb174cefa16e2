// convert_weights: models of other codebases as model files of ours.
#include <fmt/format.h>

#include "core/log/logger.h"
#include "core/program/exit_status.h"
#include "core/program/options.h"
#include "data/coco/dataset.h"
#include "detection/weights/convert_weights.h"

namespace {

using namespace denovo;
using namespace denovo::detection;

void declare(Options& options) {
  options.add({.name = "weights",
               .value = "FILE",
               .meaning =
                   "weights of PyTorch (.pth), Detectron or detectron2 (.pkl), NumPy (.npz), "
                   "or safetensors",
               .required = true});
  options.add({.name = "out", .value = "FILE", .meaning = "model file to write (.safetensors)"});
  options.add({.name = "list",
               .meaning = "print the tensors of the file and what becomes of each, and end"});
  options.add({.name = "from",
               .value = "CODEBASE",
               .meaning = "torchvision, detectron2 or detectron; told by the names when absent"});
  options.add({.name = "group",
               .value = "NAME",
               .meaning = "dict of the file that holds the model, where that is not clear"});
  options.add({.name = "categories",
               .value = "FILE",
               .meaning = "COCO JSON whose categories are the classes, by ascending id"});
  options.add_config(config_help<ModelFileConfig>());
}

void check_codebase(const ImportedModel& model, const std::string& wanted) {
  std::string found = name(model.codebase());
  if (found == "Detectron") found = "detectron";
  if (wanted != found)
    throw ConfigError(
        fmt::format("--from {}: {} has the names of {}", wanted, model.path(), found));
}

int convert(int argc, char** argv) {
  Options options("convert_weights", "Turns weights of other codebases into a model file");
  declare(options);
  if (!options.parse(argc, argv)) return 0;
  const std::string group = options.given("group") ? options.text("group") : "";
  if (options.given("list")) {
    fmt::print("{}", listing(options.text("weights"), group));
    return 0;
  }
  if (!options.given("out")) throw ConfigError("--out: names the file to write, or give --list");

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
