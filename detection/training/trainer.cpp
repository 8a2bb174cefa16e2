#include "detection/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "core/backend.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/signals.h"
#include "core/log/progress.h"
#include "data/coco/subset.h"
#include "data/loading/loader.h"
#include "detection/training/build_model.h"
#include "detection/training/image_files.h"
#include "detection/training/run_directory.h"
#include "detection/training/run_log.h"
#include "detection/training/step_metrics.h"
#include "detection/training/validation.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

data::LoaderOptions loader_options(const TrainConfig& config) {
  return {.builder = {.image_root = config.data.path(config.data.train_images),
                      .rule = config.input.train_rule(),
                      .masks = config.model.mask.enabled,
                      .skip_bad_images = config.data.on_bad_image == "skip",
                      .seed = static_cast<uint64_t>(config.seed),
                      .cache_bytes = int64_t{config.data.cache_mb} << 20},
          .images_per_batch = config.solver.images_per_batch,
          .num_parts = config.solver.accumulate,
          .threads = config.data.workers};
}

/// One run from its first or resumed step to its end.
class Trainer {
 public:
  Trainer(const TrainConfig& config, const TrainOptions& options, Logger& logger)
      : config_(config),
        options_(options),
        logger_(logger),
        run_(options.out, config, options.resume),
        train_set_(data::read_coco(config.data.path(config.data.train_annotations))),
        view_(data::training_view(train_set_, {.masks = config.model.mask.enabled,
                                               .max_bad_fraction = config.data.max_bad_fraction})),
        schedule_(config.solver.schedule()),
        state_(options.device),
        metrics_(progress_) {}

  TrainOutcome run() {
    if (run_.resuming() && is_finished()) return {0, run_.finished_summary()};
    prepare_data();
    prepare_model();
    if (run_.resuming()) {
      open();
      restore();
    }
    data::TrainLoader loader(train_set_, view_, loader_options(config_), progress_.iteration);
    if (progress_.iteration < config_.solver.max_iter) load(loader);
    if (const int signal = caught_signal()) {
      logger_.info(fmt::format("stopped by signal {} before the first step", signal));
      return {signal, {}};
    }
    if (!run_.resuming()) open();
    step_.emplace(*built_.model, *built_.optimizer, config_, state_);
    log_.emplace(run_.path(), config_.log.tensorboard, progress_.iteration);
    if (const int signal = train_steps(loader)) {
      logger_.info(
          fmt::format("stopped by signal {} after iteration {} with a checkpoint, "
                      "--resume continues",
                      signal, progress_.iteration));
      return {signal, {}};
    }
    if (summary_.empty()) summary_ = run_.evaluation_summary(progress_.iteration);
    run_.mark_finished(summary_);
    return {0, summary_};
  }

 private:
  bool is_finished() const {
    const auto names = list_checkpoints(run_.checkpoints());
    return !run_.finished_summary().empty() && !names.empty() &&
           names.back() == checkpoint_name(config_.solver.max_iter);
  }

  /// To the screen, and to log.txt as soon as there is one.
  void announce(const std::string& line) {
    logger_.info(line);
    opening_lines_.push_back(line);
  }

  void prepare_data() {
    if (config_.data.max_train_images > 0)
      view_ = data::subset(view_, train_set_, config_.data.max_train_images,
                           static_cast<uint64_t>(config_.seed));
    if (view_.num_dropped > 0) {
      logger_.warn(view_.summary());
      opening_lines_.push_back("warning: " + view_.summary());
    } else {
      announce(view_.summary());
    }
    const std::string root = config_.data.path(config_.data.train_images);
    if (const auto missing = missing_image_files(train_set_, view_.images, root);
        !missing.empty()) {
      const std::string text = missing_images_text(train_set_, missing, view_.images.size(), root);
      if (config_.data.on_bad_image != "skip") throw IoError(text);
      logger_.warn(text);
    }
    if (!config_.data.val_annotations.empty())
      validation_.emplace(config_, train_set_, options_.device);
  }

  void prepare_model() {
    built_ = build_model(config_, train_set_.num_classes(), options_.device, logger_);
    announce(fmt::format(
        "model: {:.1f} million parameters, {} classes; {} iterations of {} images at learning rate "
        "{:.5g}",
        static_cast<double>(built_.model->num_parameters()) / 1e6, train_set_.num_classes(),
        config_.solver.max_iter, config_.solver.images_per_batch, schedule_.base_lr));
  }

  void open() {
    run_.open(config_);
    logger_.open_file(run_.path() + "/log.txt");
    for (const std::string& line : opening_lines_) logger_.record(line);
  }

  void restore() {
    auto checkpoint = run_.newest_checkpoint(logger_);
    if (!checkpoint) {
      logger_.info(fmt::format("{}: no checkpoint yet, starting from the beginning", run_.path()));
      return;
    }
    nn::load_state_dict_strict(*built_.model, checkpoint->model, run_.checkpoints());
    built_.optimizer->load_state_dict(checkpoint->optimizer);
    progress_ = std::move(checkpoint->state);
    state_.write({.iteration = progress_.iteration});
    is_saved_ = true;
    const int threads = cpu_context().num_threads();
    if (progress_.threads != threads && options_.device.is_cpu()) {
      logger_.warn(
          fmt::format("the run was started with {} threads and continues with {}; results may "
                      "differ in the last bits",
                      progress_.threads, threads));
    }
    logger_.info(fmt::format("resumed at iteration {}", progress_.iteration));
  }

  /// The micro-batches of the next update into batches_.
  void load(data::TrainLoader& loader) {
    batches_.clear();
    for (int i = 0; i < config_.solver.accumulate; ++i) batches_.push_back(loader.next());
    const int64_t substitutions = loader.builder().num_substitutions();
    if (substitutions == known_substitutions_) return;
    known_substitutions_ = substitutions;
    for (const std::string& line : loader.builder().bad_images()) {
      if (skipped_.insert(line).second)
        logger_.warn(fmt::format("{}; another image takes its place", line));
    }
  }

  /// Returns the signal that ended the loop, or 0 at the end of the schedule. The first batch is
  /// loaded.
  int train_steps(data::TrainLoader& loader) {
    const int64_t first = progress_.iteration, last = config_.solver.max_iter;
    Progress progress(logger_, "train", last, {.first = first, .period_items = config_.log.period});
    // Stopped between an update and its evaluation.
    if (const int signal = finish_iteration()) return signal;
    for (int64_t iteration = first; iteration < last; ++iteration) {
      const double start = monotonic_seconds();
      if (iteration > first) saving_on_failure([&] { load(loader); });
      const double loaded = monotonic_seconds();
      step_->run(batches_, nn::learning_rate(schedule_, iteration));
      progress_.iteration = iteration + 1;
      is_saved_ = false;
      for (const data::Batch& batch : batches_) metrics_.add_images(batch);
      for (const StepRecord& record : step_->take_records(false)) metrics_.add_losses(record);
      metrics_.add_times(loaded - start, monotonic_seconds() - start);
      if (due(config_.log.period)) write_metrics(progress);
      progress.update(progress_.iteration, details_);
      if (options_.after_update) options_.after_update(progress_.iteration);
      if (const int signal = finish_iteration()) return signal;
    }
    progress.finish();
    return 0;
  }

  bool due(int64_t period) const {
    return progress_.iteration == config_.solver.max_iter ||
           (period > 0 && progress_.iteration % period == 0);
  }

  /// Evaluates and saves where they are due; returns the signal that came, after a checkpoint.
  int finish_iteration() {
    if (progress_.iteration == 0) return 0;
    bool evaluated_late = false;  // after the checkpoint, which does not know of it
    if (due(config_.eval.period) && progress_.evaluated_iteration != progress_.iteration &&
        !caught_signal()) {
      drain();
      require_finite_weights();
      saving_on_failure([&] { evaluate(); });
      evaluated_late = is_saved_ && progress_.evaluated_iteration == progress_.iteration;
      if (evaluated_late) is_saved_ = false;
    }
    const int signal = caught_signal();
    if (due(config_.solver.checkpoint_period) || improved_ || signal || evaluated_late) {
      // A full disk in the middle of a long run: training goes on, the next period tries again.
      save(signal != 0 || progress_.iteration == config_.solver.max_iter);
    }
    return signal;
  }

  void drain() {
    for (const StepRecord& record : step_->take_records(true)) metrics_.add_losses(record);
  }

  void write_metrics(const Progress& progress) {
    drain();
    const double lr = nn::learning_rate(schedule_, progress_.iteration - 1);
    const double eta = progress.eta_seconds();
    const int64_t peak_mb = static_cast<int64_t>(memory_stats(options_.device).peak_bytes >> 20);
    std::vector<Metric> metrics{{"lr", lr}};
    for (Metric& metric : metrics_.take()) metrics.push_back(std::move(metric));
    metrics.push_back({"eta_seconds", std::isfinite(eta) ? eta : 0.0});
    metrics.push_back({"max_mem_mb", peak_mb});
    log_->write(progress_.iteration, metrics);
    details_ = fmt::format("{}, lr {:.4g}, peak {} MiB", metrics_.summary(), lr, peak_mb);
  }

  /// Leaves evaluated_iteration as it was when a signal came meanwhile.
  void evaluate() {
    if (!validation_) return;
    const auto result = validation_->run(*built_.model, run_.path(), progress_.iteration, logger_);
    if (!result) return;
    log_->write(progress_.iteration, result->metrics);
    summary_ = result->summary;
    progress_.evaluated_iteration = progress_.iteration;
    improved_ = result->box_ap > progress_.best_ap;
    if (!improved_) return;
    best_before_ = {progress_.best_ap, progress_.best_iteration};
    progress_.best_ap = result->box_ap;
    progress_.best_iteration = progress_.iteration;
  }

  /// A fault of data or disk costs no update that was made: what has been learned is saved first.
  template <class Work>
  void saving_on_failure(const Work& work) {
    const auto rescue = [&](const Error& error) {
      save(false);
      return fmt::format("{}; stopped after iteration {}{}", error.what(), progress_.iteration,
                         is_saved_ ? " with a checkpoint, --resume continues" : "");
    };
    try {
      work();
    } catch (const IoError& error) {
      throw IoError(rescue(error));
    } catch (const ResourceError& error) {
      throw ResourceError(rescue(error));
    }
  }

  /// The loss of the next step would tell, but a checkpoint must be good to continue from.
  void require_finite_weights() const {
    for (const ArenaLeaf& leaf : built_.arena->leaves()) {
      const auto values = leaf.tensor.to_vector<float>();
      const bool finite = std::all_of(values.begin(), values.end(),
                                      [](float value) { return std::isfinite(value); });
      if (!finite) {
        throw DivergedError(fmt::format("training diverged at iteration {}: {} is not finite",
                                        progress_.iteration - 1, leaf.name));
      }
    }
  }

  /// Does nothing when this iteration is saved. Unless required, a failure is a warning.
  void save(bool required) {
    if (is_saved_) return;
    drain();
    require_finite_weights();
    Checkpoint checkpoint{nn::state_dict(*built_.model), built_.optimizer->state_dict(),
                          model_metadata(config_, train_set_), progress_};
    checkpoint.state.config = config_text(config_);
    checkpoint.state.threads = cpu_context().num_threads();
    checkpoint.state.device = to_string(options_.device);
    const std::string name = checkpoint_name(progress_.iteration);
    try {
      save_checkpoint(run_.checkpoints(), name, checkpoint);
      replace_symlink(run_.checkpoints() + "/last", name);
      if (improved_) replace_symlink(run_.checkpoints() + "/best", name);
    } catch (const ResourceError& error) {
      if (required) throw;
      logger_.warn(fmt::format("checkpoint not written: {}", error.what()));
      if (improved_) std::tie(progress_.best_ap, progress_.best_iteration) = best_before_;
      improved_ = false;
      return;
    }
    improved_ = false;
    is_saved_ = true;
    run_.prune_checkpoints(config_.checkpoint.keep);
  }

  const TrainConfig config_;
  const TrainOptions options_;
  Logger& logger_;
  RunDirectory run_;
  data::CocoDataset train_set_;
  data::TrainingView view_;
  nn::LrSchedule schedule_;
  DeviceStepState state_;
  TrainingState progress_;
  StepMetrics metrics_;
  std::optional<Validation> validation_;
  TrainableModel built_;
  std::optional<TrainingStep> step_;
  std::optional<RunLog> log_;
  std::vector<data::Batch> batches_;
  bool is_saved_ = false;  // progress_, in a checkpoint
  bool improved_ = false;  // by the evaluation after this iteration
  std::pair<double, int64_t> best_before_{-1, -1};
  int64_t known_substitutions_ = 0;
  std::set<std::string> skipped_;
  std::vector<std::string> opening_lines_;
  std::string details_, summary_;
};

}  // namespace

TrainOutcome train(const TrainConfig& config, const TrainOptions& options, Logger& logger) {
  Trainer trainer(config, options, logger);
  try {
    return trainer.run();
  } catch (const std::exception& error) {
    logger.record(error.what());
    throw;
  }
}

}  // namespace denovo::detection
