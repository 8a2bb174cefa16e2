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

void print_results(const Options& options, const std::vector<EvaluationResult>& results) {
  const std::string json_path = options.given("json") ? options.text("json") : "";
  if (json_path == "-") {
    fmt::print("{}\n", report_json(results));
  } else {
    for (const EvaluationResult& result : results) {
      if (!options.given("quiet")) fmt::print("{}", summary_text(result));
      if (options.given("per-category")) fmt::print("{}", per_category_table(result));
    }
    if (!json_path.empty()) replace_file(json_path, report_json(results) + "\n");
  }
  if (options.given("curves")) write_curves(options.text("curves"), results);
  if (options.given("page"))
    page::write_page(options.text("page"),
                     evaluation::evaluation_page(apps::what_is_scored(options), results));
}

int evaluate(int argc, char** argv) {
  Options options("evaluate_coco", "Computes COCO average precision, equal to pycocotools");
  apps::declare_evaluation_options(options);
  if (!options.parse(argc, argv)) return 0;
  if (const int64_t threads = options.integer("threads", 0, 4096); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));

  if (options.given("page")) page::require_replaceable(options.text("page"));
  Logger log(options.given("quiet"));
  const std::vector<EvaluationResult> results = apps::evaluate_as_asked(options, log);
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
