// Trains a detector on COCO-format files.
#include <cstdio>

#include "core/dist/launch.h"
#include "core/files/signals.h"
#include "core/kernels/backend.h"
#include "core/program/options.h"
#include "detection/training/detector_task.h"

namespace {

using namespace denovo;

int train_coco(int argc, char** argv, ProcessGroup& group) {
  Options options("train_coco",
                  "Trains Mask R-CNN or Faster R-CNN on COCO-format files, under mpirun with "
                  "several ranks");
  options.add(
      {.name = "out", .value = "RUN", .meaning = "run directory to create", .required = true});
  options.add({.name = "resume", .meaning = "continue the run in --out"});
  options.add_config(config_help<detection::TrainConfig>(),
                     config_markdown<detection::TrainConfig>());
  bool trains = false;
  detection::TrainConfig config;
  Device device;
  together(group, [&] {
    trains = options.parse(argc, argv);
    if (!trains) return;
    config = load_config<detection::TrainConfig>(options.text("config"), options.overrides());
    if (options.given("seed")) config.seed = options.integer("seed", 0, INT64_MAX);
    if (const int64_t threads = options.integer("threads", 0, 1024); threads > 0)
      cpu_context().set_num_threads(static_cast<int>(threads));
    device = parse_device(options.text("device"), group.local_rank());
  });
  if (!trains) return 0;

  watch_signals();
  Logger logger(options.given("quiet") || !group.is_first());
  const nn::TrainOutcome outcome = detection::train(
      config, {options.text("out"), options.given("resume"), device}, logger, group);
  if (outcome.signal) return 128 + outcome.signal;
  if (group.is_first())
    std::printf("%srun directory: %s\n", outcome.summary.c_str(), options.text("out").c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_ranks(argc, argv, train_coco);
}
