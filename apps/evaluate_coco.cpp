// evaluate_coco: COCO average precision of a results file, with pycocotools' numbers.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/backend.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/log/logger.h"
#include "core/options.h"
#include "data/evaluation/evaluate_files.h"
#include "data/evaluation/report.h"

namespace {

using namespace denovo;
using namespace denovo::data;

std::vector<IouType> asked_types(const Options& options) {
  std::vector<IouType> types;
  for (const std::string& name : options.comma_list("iou")) {
    if (name != "bbox" && name != "segm")
      throw ConfigError(fmt::format("--iou: must list bbox or segm, got {}", name));
    const IouType type = name == "bbox" ? IouType::kBbox : IouType::kSegm;
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  }
  return types;
}

void print_results(const Options& options, const std::vector<EvaluationResult>& results) {
  const std::string json_path = options.given("json") ? options.text("json") : "";
  if (json_path == "-") {
    fmt::print("{}\n", report_json(results));
  } else {
    for (const EvaluationResult& result : results) {
      if (!options.given("quiet")) fmt::print("{}", summary_text(result.stats));
      if (options.given("per-category")) fmt::print("{}", per_category_table(result));
    }
    if (!json_path.empty()) replace_file(json_path, report_json(results) + "\n");
  }
  if (options.given("curves")) write_curves(options.text("curves"), results);
}

int evaluate(int argc, char** argv) {
  Options options("evaluate_coco", "Computes COCO average precision, equal to pycocotools");
  options.add(
      {.name = "gt", .value = "FILE", .meaning = "ground truth, COCO JSON", .required = true});
  options.add({.name = "dt", .value = "FILE", .meaning = "COCO results JSON", .required = true});
  options.add({.name = "iou",
               .value = "TYPES",
               .meaning = "bbox, segm or both; else what the results carry"});
  options.add(
      {.name = "json", .value = "FILE", .meaning = "also write the numbers as JSON; - for stdout"});
  options.add({.name = "curves",
               .value = "FILE",
               .meaning = "write precision, recall and scores as safetensors"});
  options.add({.name = "per-category", .meaning = "print the AP of each category"});
  options.add(
      {.name = "coco-compat",
       .value = "MODE",
       .meaning = "strict: the reference's treatment of id 0 and of repeated ids; off: none",
       .fallback = "strict"});
  if (!options.parse(argc, argv)) return 0;
  const std::string& compat = options.text("coco-compat");
  if (compat != "strict" && compat != "off")
    throw ConfigError(fmt::format("--coco-compat: must be strict or off, got {}", compat));
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));

  const std::vector<EvaluationResult> results = evaluate_files(
      options.text("gt"), options.text("dt"), asked_types(options), {.strict = compat == "strict"});
  Logger log;
  std::set<std::string> told;
  for (const EvaluationResult& result : results)
    for (const std::string& warning : result.warnings)
      if (told.insert(warning).second) log.warn(warning);
  print_results(options, results);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, evaluate);
}
