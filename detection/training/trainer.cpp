#include "detection/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "core/backend.h"
#include "core/dist/rank_error.h"
#include "core/files/signals.h"
#include "core/log/progress.h"
#include "detection/training/build_model.h"
#include "detection/training/data_changes.h"
#include "detection/training/run_recorder.h"
#include "detection/training/step_metrics.h"
#include "detection/training/training_batches.h"
#include "detection/training/validation.h"
#include "nn/state_dict.h"
#include "ops/conv2d/conv2d_tuning.h"

namespace denovo::detection {
namespace {

/// One run from its first or resumed step to its end. All ranks do the same; what only rank 0 does
/// is the recorder's and the validation's business.
class Trainer {
 public:
  Trainer(const TrainConfig& config, const TrainOptions& options, Logger& logger,
          ProcessGroup& group)
      : config_(config),
        options_(options),
        logger_(logger),
        group_(group),
        recorder_(options.out, config_, options.resume, logger, group),
        train_set_(config_),
        schedule_(config.solver.schedule()),
        state_(options.device),
        metrics_(progress_) {}

  TrainOutcome run() {
    if (const std::string summary = recorder_.finished_summary(); !summary.empty())
      return {0, summary};
    together(group_, [&] { prepare_data(); });
    look_at_images();
    if (const int signal = agreed_signal(group_)) return stopped_early(signal);
    together(group_, [&] { prepare_model(); });
    if (options_.resume) {
      std::optional<Checkpoint> checkpoint = recorder_.newest_checkpoint();
      if (checkpoint) together(group_, [&] { compare_data(*checkpoint); });
      recorder_.open();
      restore(std::move(checkpoint));
    }
    together(group_, [&] {
      train_set_.seek(progress_.iteration, group_);
      if (progress_.iteration < config_.solver.max_iter) load();
    });
    if (const int signal = agreed_signal(group_)) return stopped_early(signal);
    if (!options_.resume) recorder_.open();
    if (config_.solver.autotune) tune();
    step_.emplace(*built_.model, *built_.arena, *built_.optimizer, config_, state_, group_);
    recorder_.start_metrics(progress_.iteration);
    if (const int signal = train_steps()) {
      logger_.info(
          fmt::format("stopped by signal {} after iteration {} with a checkpoint, "
                      "--resume continues",
                      signal, progress_.iteration));
      return {signal, {}};
    }
    return {0, recorder_.finish(progress_.iteration, summary_)};
  }

 private:
  void prepare_data() {
    const data::TrainingView& view = train_set_.view();
    if (view.num_dropped > 0 || view.num_box_only > 0) {
      recorder_.warn(view.summary());
    } else {
      recorder_.announce(view.summary());
    }
    fingerprints_.train = data::fingerprint(train_set_.dataset());
    if (config_.data.val_annotations.empty()) return;
    validation_.emplace(config_, train_set_.dataset(), options_.device, group_);
    fingerprints_.validation = validation_->fingerprint();
    const ScoredCategories& categories = validation_->categories();
    if (!categories.ignored.empty()) recorder_.warn(categories.ignored);
    if (!categories.missing.empty()) recorder_.announce(categories.missing);
  }

  /// What fails here would fail later, in the middle of the night.
  void look_at_images() {
    for (const std::string& line : train_set_.look(logger_, group_)) recorder_.warn(line);
    if (!validation_) return;
    for (const std::string& line : validation_->look(logger_)) recorder_.warn(line);
  }

  TrainOutcome stopped_early(int signal) {
    logger_.info(fmt::format("stopped by signal {} before the first step", signal));
    return {signal, {}};
  }

  void prepare_model() {
    built_ = build_model(config_, data::CategoryList::of(train_set_.dataset()), options_.device);
    for (const std::string& line : built_.origin) recorder_.announce(line);
    for (const std::string& line : built_.warnings) recorder_.warn(line);
    built_.model->join(group_);
    recorder_.announce(fmt::format(
        "model: {:.1f} million parameters, {} classes; {} iterations of {} images at learning rate "
        "{:.5g}{}",
        static_cast<double>(built_.model->num_parameters()) / 1e6,
        train_set_.dataset().num_classes(), config_.solver.max_iter,
        config_.solver.images_per_batch, schedule_.base_lr,
        group_.size() > 1 ? fmt::format(", dealt to {} ranks", group_.size()) : ""));
  }

  void tune() {
    const std::string name = group_.is_first()
                                 ? "convolutions.txt"
                                 : fmt::format("convolutions.rank{}.txt", group_.rank());
    together(group_, [&] {
      with_backend(options_.device,
                   [&](auto& ctx) { ops::tune_convolutions(ctx, recorder_.path() + "/" + name); });
    });
  }

  /// Before anything is written: a run whose data changed may have to stay as it is.
  void compare_data(Checkpoint& checkpoint) {
    const std::string& validation = config_.data.val_annotations;
    const RunData now{data::CategoryList::of(train_set_.dataset()),
                      validation.empty() ? validation : config_.data.path(validation),
                      fingerprints_};
    for (const std::string& line : accept_data(checkpoint, now, config_.data.allow_changes))
      recorder_.warn(line);
  }

  void restore(std::optional<Checkpoint> checkpoint) {
    if (!checkpoint) {
      logger_.info(
          fmt::format("{}: no checkpoint yet, starting from the beginning", recorder_.path()));
      return;
    }
    together(group_, [&] {
      nn::load_state_dict_strict(*built_.model, checkpoint->model,
                                 recorder_.path() + "/checkpoints");
      built_.optimizer->load_state_dict(checkpoint->optimizer);
    });
    progress_ = std::move(checkpoint->state);
    state_.write({.iteration = progress_.iteration});
    is_saved_ = true;
    const int threads = cpu_context().num_threads();
    if (progress_.threads != threads && options_.device.is_cpu()) {
      recorder_.warn(
          fmt::format("the run was started with {} threads and continues with {}; results may "
                      "differ in the last bits",
                      progress_.threads, threads));
    }
    logger_.info(fmt::format("resumed at iteration {}", progress_.iteration));
  }

  void load() {
    batches_ = &train_set_.next();
    for (const std::string& line : train_set_.new_substitutions())
      logger_.warn(fmt::format("{}; another image takes its place", line));
  }

  /// Returns the signal that ended the loop, or 0 at the end of the schedule. The first batch is
  /// loaded.
  int train_steps() {
    const int64_t first = progress_.iteration, last = config_.solver.max_iter;
    Progress progress(logger_, "train", last, {.first = first, .period_items = config_.log.period});
    // Stopped between an update and its evaluation.
    if (const int signal = finish_iteration()) return signal;
    for (int64_t iteration = first; iteration < last; ++iteration) {
      const double start = monotonic_seconds();
      if (iteration > first) saving_on_failure([&] { together(group_, [&] { load(); }); });
      const double loaded = monotonic_seconds();
      step_->run(*batches_, nn::learning_rate(schedule_, iteration));
      progress_.iteration = iteration + 1;
      is_saved_ = false;
      take_records(false);
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
    if (group_.size() == 1) signal_ = caught_signal();
    bool evaluated_late = false;  // after the checkpoint, which does not know of it
    if (due(config_.eval.period) && progress_.evaluated_iteration != progress_.iteration &&
        !signal_) {
      take_records(true);
      together(group_, [&] { require_finite_weights(); });
      saving_on_failure([&] { evaluate(); });
      signal_ = agreed_signal(group_);
      evaluated_late = is_saved_ && progress_.evaluated_iteration == progress_.iteration;
      if (evaluated_late) is_saved_ = false;
    }
    if (due(config_.solver.checkpoint_period) || improved_ || signal_ || evaluated_late) {
      // A full disk in the middle of a long run: training goes on, the next period tries again.
      save(signal_ != 0 || progress_.iteration == config_.solver.max_iter);
    }
    return signal_;
  }

  /// With several ranks this is where a signal is heard of: in the sums of the step, so that all
  /// ranks stop after the same one.
  void take_records(bool drain) {
    for (const StepRecord& record : step_->take_records(drain)) {
      metrics_.add(record);
      if (group_.size() > 1) signal_ = std::max(signal_, record.signal);
    }
  }

  void write_metrics(const Progress& progress) {
    take_records(true);
    const double lr = nn::learning_rate(schedule_, progress_.iteration - 1);
    const double eta = progress.eta_seconds();
    const int64_t peak_mb = static_cast<int64_t>(memory_stats(options_.device).peak_bytes >> 20);
    std::vector<Metric> metrics{{"lr", lr}};
    for (Metric& metric : metrics_.take()) metrics.push_back(std::move(metric));
    metrics.push_back({"eta_seconds", std::isfinite(eta) ? eta : 0.0});
    metrics.push_back({"max_mem_mb", peak_mb});
    recorder_.write_metrics(progress_.iteration, metrics);
    details_ = fmt::format("{}, lr {:.4g}, peak {} MiB", metrics_.summary(), lr, peak_mb);
  }

  /// Leaves evaluated_iteration as it was when a signal came meanwhile.
  void evaluate() {
    if (!validation_) return;
    const auto result =
        validation_->run(*built_.model, recorder_.path(), progress_.iteration, logger_);
    if (!result) return;
    recorder_.write_metrics(progress_.iteration, result->metrics);
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
    } catch (const PeerError& error) {
      if (error.status() == kDataStatus || error.status() == kExhaustedStatus) save(false);
      throw;
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

  Checkpoint checkpoint() const {
    require_finite_weights();
    Checkpoint checkpoint{nn::state_dict(*built_.model), built_.optimizer->state_dict(),
                          model_metadata(config_, train_set_.dataset()), progress_};
    checkpoint.state.config = config_text(config_);
    checkpoint.state.threads = cpu_context().num_threads();
    checkpoint.state.device = to_string(options_.device);
    checkpoint.state.data = fingerprints_;
    return checkpoint;
  }

  /// Does nothing when this iteration is saved. Unless required, a failure is a warning.
  void save(bool required) {
    if (is_saved_) return;
    take_records(true);
    is_saved_ = recorder_.save(
        progress_.iteration, [&] { return checkpoint(); }, improved_, required);
    if (!is_saved_ && improved_)
      std::tie(progress_.best_ap, progress_.best_iteration) = best_before_;
    improved_ = false;
  }

  const TrainConfig config_;
  const TrainOptions options_;
  Logger& logger_;
  ProcessGroup& group_;
  RunRecorder recorder_;
  TrainingBatches train_set_;
  DataFingerprints fingerprints_;
  nn::LrSchedule schedule_;
  DeviceStepState state_;
  TrainingState progress_;
  StepMetrics metrics_;
  std::optional<Validation> validation_;
  TrainableModel built_;
  std::optional<TrainingStep> step_;
  const std::vector<data::Batch>* batches_ = nullptr;  // of the next update
  int signal_ = 0;                                     // that ends the run; the same on all ranks
  bool is_saved_ = false;                              // progress_, in a checkpoint
  bool improved_ = false;                              // by the evaluation after this iteration
  std::pair<double, int64_t> best_before_{-1, -1};
  std::string details_, summary_;
};

/// Sums go either through MPI or through NCCL.
void require_one_kind_of_device(int gpus, int ranks) {
  if (gpus == 0 || gpus == ranks) return;
  throw ConfigError(fmt::format(
      "device: {} of {} ranks have a GPU of their own; start one rank per GPU, or use --device cpu",
      gpus, ranks));
}

}  // namespace

TrainOutcome train(const TrainConfig& config, const TrainOptions& options, Logger& logger,
                   ProcessGroup& group) {
  std::optional<Trainer> trainer;
  try {
    group.set_timeout(config.dist.timeout_seconds);
    const Tensor gpus = Tensor::full({1}, options.device.is_cpu() ? 0 : 1, DType::kF64);
    group.all_reduce(gpus);
    together(group, [&] {
      require_one_kind_of_device(static_cast<int>(gpus.item()), group.size());
      config.validate_ranks(group.size());
      trainer.emplace(config, options, logger, group);
    });
    return trainer->run();
  } catch (const std::exception& error) {
    logger.record(error.what());
    throw;
  }
}

}  // namespace denovo::detection
