// Compares runs of train_coco, or of pretrain_imagenet, on one page.
#include <fmt/format.h>

#include <filesystem>

#include "apps/comparison/comparison_page.h"
#include "apps/page/page_frame.h"
#include "core/program/options.h"

namespace {

using namespace denovo;
namespace fs = std::filesystem;

int report(int argc, char** argv) {
  Options options("report_runs", "Compares training runs on one self-contained page");
  options.add({.name = "out", .value = "FILE", .meaning = "HTML to write", .required = true});
  options.add_operands("RUN", "run directories of train_coco, or of pretrain_imagenet");
  if (!options.parse(argc, argv)) return 0;
  const std::string& out = options.text("out");
  page::require_replaceable(out);
  const std::vector<comparison::ComparedRun> runs = comparison::read_runs(options.operands());
  page::write_page(out, comparison::comparison_page(runs, fs::absolute(out).parent_path()));
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, report);
}
