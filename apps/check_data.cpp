// check_data: what is wrong with a COCO data set, before a training run finds out.
#include <fmt/format.h>

#include "core/files/atomic_write.h"
#include "core/kernels/backend.h"
#include "core/program/exit_status.h"
#include "core/program/options.h"
#include "data/coco/check_dataset.h"
#include "detection/training/train_config.h"

namespace {

int check(int argc, char** argv) {
  denovo::Options options("check_data", "Lists the defects of a COCO data set");
  options.add({.name = "annotations", .value = "FILE", .meaning = "COCO JSON", .required = true});
  options.add(
      {.name = "images", .value = "DIR", .meaning = "folder of file_name", .required = true});
  options.add_config(denovo::config_help<denovo::detection::TrainConfig>());
  options.add({.name = "json",
               .value = "FILE",
               .meaning = "also write the report as JSON; - for stdout instead of the text"});
  if (!options.parse(argc, argv)) return 0;
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    denovo::cpu_context().set_num_threads(static_cast<int>(threads));

  using namespace denovo::data;
  const auto config = denovo::load_config<denovo::detection::TrainConfig>(options.text("config"),
                                                                          options.overrides());
  const CocoDataset dataset =
      read_coco(options.text("annotations"), StructuralDefects::kCollect, config.dataset_part());
  const CheckReport report = check_dataset(
      ImageFiles(dataset, options.text("images"), config.data.allow_parent_folders),
      {.training = config.training_filter(), .skip_bad_images = config.data.skip_bad_images()});
  const std::string json_path = options.given("json") ? options.text("json") : "";
  if (json_path == "-")
    fmt::print("{}\n", report_json(report));
  else
    fmt::print("{}{}", defect_lines(report), summary_lines(report));
  if (!json_path.empty() && json_path != "-")
    denovo::replace_file(json_path, report_json(report) + "\n");
  return report.trainable() ? 0 : denovo::kDataStatus;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, check);
}
