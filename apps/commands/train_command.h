// What the programs that train have in common: their command line, and what they say at the end.
#pragma once

#include "core/dist/process_group.h"
#include "core/files/signals.h"
#include "core/kernels/backend.h"
#include "core/log/logger.h"
#include "core/program/exit_status.h"
#include "core/program/options.h"
#include "nn/training/trainer.h"

namespace denovo::apps {

/// --out, --resume, --branch-of and --json.
void declare_training_options(Options& options);

/// The result on stdout: the last evaluation in words and the paths; with --json FILE also as one
/// JSON document, with "-" instead of the words:
///   {"run": RUN, "model": FILE, "training": {…}, "evaluation": {…}}
/// the last two being the last lines of their kind in metrics.jsonl, null where there is none.
void print_outcome(const Options& options, const nn::TrainOutcome& outcome);

/// Runs a training program and returns its exit status. Config is what the configuration file
/// describes; the train() that stands beside it does the work.
template <class Config>
int train_as_asked(Options options, int argc, char** argv, ProcessGroup& group) {
  declare_training_options(options);
  options.add_config(config_help<Config>(), config_markdown<Config>());
  bool trains = false;
  Config config;
  Device device;
  together(group, [&] {
    trains = options.parse(argc, argv);
    if (!trains) return;
    config = load_config<Config>(options.text("config"), options.overrides());
    if (options.given("seed")) config.seed = options.integer("seed", 0, INT64_MAX);
    if (const int64_t threads = options.integer("threads", 0, 1024); threads > 0)
      cpu_context().set_num_threads(static_cast<int>(threads));
    device = parse_device(options.text("device"), group.local_rank());
  });
  if (!trains) return 0;

  watch_signals();
  Logger logger(options.given("quiet") || !group.is_first());
  nn::TrainOptions run{options.text("out"), options.given("resume"), device};
  if (options.given("branch-of")) run.branch_of = options.text("branch-of");
  const nn::TrainOutcome outcome = train(config, run, logger, group);
  if (outcome.signal) return kSignalStatus + outcome.signal;
  if (group.is_first()) print_outcome(options, outcome);
  return 0;
}

}  // namespace denovo::apps
