// detect: finds objects in images, writes COCO results and draws them.
#include <fmt/format.h>

#include <algorithm>

#include "apps/commands/detect_options.h"
#include "apps/commands/model_options.h"
#include "apps/commands/tta_options.h"
#include "core/kernels/backend.h"
#include "core/log/progress.h"
#include "core/program/exit_status.h"
#include "core/program/options.h"
#include "detection/evaluation/scored_categories.h"
#include "detection/prediction/detect_files.h"
#include "detection/weights/detector_file.h"

namespace {

using namespace denovo;
using namespace denovo::detection;

void print_report(const DetectFilesReport& report, const DetectFilesOptions& detection) {
  int64_t objects = 0;
  for (size_t i = 0; i < report.objects.size(); ++i) {
    objects += report.objects[i];
    if (report.objects[i] > 0)
      fmt::print("{:<24}{:>8}\n", detection.categories[i].name, report.objects[i]);
  }
  fmt::print("{} objects in {} images, written to {}/results.json\n", objects, report.images,
             detection.out);
}

int detect(int argc, char** argv) {
  Options options("detect", "Finds objects in images, writes COCO results and draws them");
  apps::declare_detect_options(options);
  if (!options.parse(argc, argv)) return 0;
  apps::check_detect_options(options);
  const double threshold = options.number("score-threshold", 0, 1);
  const auto most = static_cast<int>(options.integer("max-detections", 1, 10'000));
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));
  const Device device = parse_device(options.text("device"));

  DetectorFile file(apps::model_file(options));
  const std::vector<int> classes = file.classes_named(options.comma_list("classes"), "--classes");
  auto [files, passed_over] = list_input_files(options.list("images"));
  Logger logger(options.given("quiet"));
  for (const std::string& line : passed_over) logger.info(line);
  CategoryIds category_ids = file.category_ids();
  int64_t bad_files = 0;
  const auto tell = [&](const std::string& line) {
    logger.warn(line);
    ++bad_files;
  };
  if (options.given("annotations")) {
    const data::CocoDataset dataset = data::read_coco(
        options.text("annotations"), data::StructuralDefects::kThrow, data::DatasetPart::kImages);
    for (const std::string& line : take_dataset_ids(files, dataset)) tell(line);
    category_ids = result_ids(dataset, file.class_list());
    if (const std::string missing = missing_text(dataset.path(), file.class_list(), category_ids);
        !missing.empty())
      logger.warn(missing + "; they are left out of the results");
  }

  ModelConfig& model_config = file.config.model;
  model_config.test.score_threshold = threshold;
  // The best N of some classes may stand behind many of the others.
  const bool of_all = classes.empty() && std::find(category_ids.begin(), category_ids.end(),
                                                   std::nullopt) == category_ids.end();
  model_config.test.detections_per_image =
      of_all ? most : std::max(most, model_config.rpn.post_nms_topk_test);
  const auto model = file.load(device);
  std::optional<AugmentedDetector> augmented;
  if (const auto tta = apps::asked_tta(options))
    augmented.emplace(*model, *tta, file.config.input.test_rule(), device, file.keypoint_names());
  logger.info(fmt::format("{}: {} classes", file.path(), file.categories.size()));
  Progress progress(logger, "detect", static_cast<int64_t>(files.size()), {.unit = "images"});
  const DetectFilesOptions detection{
      .out = options.text("out"),
      .categories = file.categories,
      .category_ids = category_ids,
      .classes = classes,
      .max_detections = most,
      .rule = file.config.input.test_rule(),
      .augmented = augmented ? &*augmented : nullptr,
      .device = device,
      .on_bad_file = tell,
      .on_progress = [&](int64_t done, int64_t) { progress.update(done); }};
  const DetectFilesReport report = detect_files(*model, files, detection);
  print_report(report, detection);
  if (augmented && report.images > 0) logger.info(augmented->cost());
  if (bad_files > 0) logger.warn(fmt::format("{} files could not be used", bad_files));
  return bad_files > 0 ? kDataStatus : 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, detect);
}
