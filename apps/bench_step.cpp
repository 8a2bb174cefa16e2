// Times training steps on random data and says where the time went.
#include <fmt/format.h>

#include <algorithm>

#include "apps/bench/matmul_peak.h"
#include "apps/bench/step_lists.h"
#include "apps/bench/step_report.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/kernels/backend.h"
#include "core/program/options.h"

namespace {

using namespace denovo;

void declare(Options& options) {
  options.add({.name = "iters", .value = "N", .meaning = "steps that count", .fallback = "5"});
  options.add({.name = "warmup",
               .value = "N",
               .meaning = "steps before them, at least two on a GPU",
               .fallback = "2"});
  options.add({.name = "objects", .value = "N", .meaning = "objects an image", .fallback = "7"});
  options.add({.name = "classes", .value = "N", .meaning = "classes", .fallback = "80"});
  options.add({.name = "foreground",
               .value = "N[,N...]",
               .meaning = "foreground RoIs of each image (one number: of every image), to compare "
                          "with a program that had as many: the RPN's proposals are computed as "
                          "always, then replaced by fixed ones of which exactly that many, the "
                          "objects included, overlap an object; without it, as they come"});
  options.add({.name = "json",
               .value = "FILE",
               .meaning = "also write the numbers as JSON; - for stdout instead of the table"});
  options.add({.name = "convolutions",
               .value = "FILE",
               .meaning = "also list the different convolutions of the steps, one a line"});
  options.add({.name = "ops",
               .value = "FILE",
               .meaning = "also list the ops of a step, for scripts/step_model.py"});
  options.add_config(config_help<detection::TrainConfig>());
}

std::vector<int> foreground_counts(const Options& options, int64_t images) {
  std::vector<int> counts;
  for (const std::string& text : options.comma_list("foreground")) {
    if (text.find_first_not_of("0123456789") != std::string::npos || text.size() > 6)
      throw ConfigError(fmt::format("--foreground must list counts, got '{}'", text));
    counts.push_back(std::stoi(text));
  }
  if (counts.size() == 1) counts.resize(static_cast<size_t>(images), counts[0]);
  return counts;
}

int bench_step(int argc, char** argv) {
  Options options("bench_step", "Times one training step on random data, by layer group");
  declare(options);
  if (!options.parse(argc, argv)) return 0;
  auto config = load_config<detection::TrainConfig>(options.text("config"), options.overrides());
  if (options.given("seed")) config.seed = options.integer("seed", 0, INT64_MAX);
  if (const int64_t threads = options.integer("threads", 0, 1024); threads > 0)
    cpu_context().set_num_threads(static_cast<int>(threads));
  const int64_t iters = options.integer("iters", 1, 100000);
  const int64_t warmup = options.integer("warmup", 0, 100000);

  bench::StepOptions step{.batch = bench::batch_options(config),
                          .foreground = {},
                          .device = parse_device(options.text("device"))};
  step.batch.objects = static_cast<int>(options.integer("objects", 0, 1000));
  step.batch.num_classes = static_cast<int>(options.integer("classes", 1, 100000));
  step.foreground = foreground_counts(options, step.batch.images);

  bench::StepLists lists(options.text("convolutions"), options.text("ops"));
  step.begin_update = [&] { lists.begin_update(); };

  Logger logger(options.given("quiet"));
  bench::StepBenchmark benchmark(config, step, logger);
  const DType dtype = config.solver.dtype();
  double peak = bench::matmul_peak(step.device, dtype);
  const std::vector<bench::StepResult> steps = benchmark.run(warmup, iters);
  lists.write();
  peak = std::max(peak, bench::matmul_peak(step.device, dtype));

  const bench::StepReport report = bench::report_of(steps, step.batch.images, peak, step.device,
                                                    cpu_context().num_threads(), dtype);
  const std::string path = options.given("json") ? options.text("json") : "";
  if (path == "-") {
    fmt::print("{}\n", bench::report_json(report));
    return 0;
  }
  fmt::print("{}", bench::report_table(report));
  if (!path.empty()) replace_file(path, bench::report_json(report) + "\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, bench_step);
}
