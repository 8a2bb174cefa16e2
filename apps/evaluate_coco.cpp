// evaluate_coco: COCO average precision of a results file or a checkpoint, with pycocotools'
// numbers.
#include <fmt/format.h>

#include <set>
#include <vector>

#include "apps/commands/evaluation_command.h"
#include "apps/evaluation/evaluation_page.h"
#include "apps/page/page_frame.h"
#include "core/files/atomic_write.h"
#include "core/kernels/backend.h"
#include "core/log/logger.h"
#include "core/program/options.h"
#include "data/evaluation/report.h"

namespace {

using namespace denovo;
using namespace denovo::data;

void print_report(const Options& options, const EvaluationReport& report) {
  const std::string json_path = options.given("json") ? options.text("json") : "";
  if (json_path == "-") {
    fmt::print("{}\n", report_json(report));
  } else {
    const auto print = [&](std::string_view name, const auto& result) {
      if (!options.given("quiet")) fmt::print("{}", summary_text(result));
      if (options.given("per-category"))
        fmt::print("{}", per_category_table(name, result.per_category));
    };
    for (const EvaluationResult& result : report.coco)
      print(iou_type_name(result.iou_type), result);
    if (report.voc) print(report.voc->name(), *report.voc);
    if (!json_path.empty()) replace_file(json_path, report_json(report) + "\n");
  }
  if (options.given("curves")) write_curves(options.text("curves"), report.coco);
  if (options.given("page"))
    page::write_page(options.text("page"),
                     evaluation::evaluation_page(apps::what_is_scored(options), report.coco));
}

int evaluate(int argc, char** argv) {
  Options options("evaluate_coco", "Computes COCO average precision, equal to pycocotools");
  apps::declare_evaluation_options(options);
  if (!options.parse(argc, argv)) return 0;
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));

  if (options.given("page")) page::require_replaceable(options.text("page"));
  Logger log(options.given("quiet"));
  const EvaluationReport report = apps::evaluate_as_asked(options, log);
  std::set<std::string> told;
  for (const EvaluationResult& result : report.coco)
    for (const std::string& warning : result.warnings)
      if (told.insert(warning).second) log.warn(warning);
  print_report(options, report);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, evaluate);
}
