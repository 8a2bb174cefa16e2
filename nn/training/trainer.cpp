#include "nn/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/autograd/autograd.h"
#include "core/dist/rank_error.h"
#include "core/files/signals.h"
#include "core/kernels/backend.h"
#include "core/log/progress.h"
#include "core/program/exit_status.h"
#include "nn/state_dict.h"
#include "nn/training/end_of_run.h"
#include "nn/training/precise_statistics.h"
#include "nn/training/run_recorder.h"
#include "nn/training/step_metrics.h"
#include "nn/training/trainable.h"
#include "nn/training/training_step.h"
#include "ops/conv2d/conv2d_tuning.h"

namespace denovo::nn {
namespace {

/// One run from its first or resumed step to its end. All ranks do the same; what only rank 0 does
/// is the recorder's and the task's business.
///
/// What decides a save are two states: now_, and saved_, the last that is in a checkpoint.
class Trainer {
 public:
  Trainer(Task& task, const TrainOptions& options, Logger& logger, ProcessGroup& group)
      : task_(task),
        config_(task.run_config()),
        options_(options),
        logger_(logger),
        group_(group),
        recorder_(options.out, task, options.resume, logger, group),
        schedule_(config_.solver.schedule()),
        tf32_(options.device, config_.solver.precision == Precision::kTf32),
        state_(options.device),
        metrics_(now_) {}

  TrainOutcome run() {
    if (const std::string summary = recorder_.finished_summary(); !summary.empty())
      return {0, summary};
    task_.prepare(recorder_);
    if (const int signal = agreed_signal(group_)) return stopped_early(signal);
    together(group_, [&] { make_trained(); });
    std::optional<Checkpoint> checkpoint = starting_checkpoint();
    if (options_.resume) recorder_.open();
    restore(std::move(checkpoint));
    together(group_, [&] {
      task_.seek(now_.iteration);
      if (!is_over()) load();
    });
    if (const int signal = agreed_signal(group_)) return stopped_early(signal);
    if (!options_.resume) recorder_.open();
    if (branch_) recorder_.take_over(*branch_);
    if (config_.solver.autotune) tune();
    step_.emplace(
        [&](auto batch, const LossContext& context) { return task_.losses(batch, context); },
        trainable_, config_.solver, state_, group_);
    recorder_.start_metrics(now_.iteration);
    if (const int signal = train_steps()) {
      logger_.info(
          fmt::format("stopped by signal {} after iteration {} with a checkpoint, "
                      "--resume continues",
                      signal, now_.iteration));
      return {signal, {}};
    }
    return {0, recorder_.finish(now_.iteration, summary_)};
  }

 private:
  TrainOutcome stopped_early(int signal) {
    logger_.info(fmt::format("stopped by signal {} before the first step", signal));
    return {signal, {}};
  }

  void make_trained() {
    trainable_ = make_trainable(task_.model(), config_.solver);
    recorder_.announce(fmt::format(
        "model: {:.1f} million parameters; {} iterations of {} images at learning rate {:.5g}{}",
        static_cast<double>(task_.model().num_parameters()) / 1e6, config_.solver.max_iter,
        config_.solver.images_per_batch, schedule_.base_lr,
        group_.size() > 1 ? fmt::format(", dealt to {} ranks", group_.size()) : ""));
  }

  void tune() {
    const std::string name = group_.is_first()
                                 ? "convolutions.txt"
                                 : fmt::format("convolutions.rank{}.txt", group_.rank());
    together(group_, [&] { tuned_.emplace(options_.device, recorder_.path() + "/" + name); });
  }

  /// The run's own, else the parent's where it branches; nullopt at the beginning.
  std::optional<Checkpoint> starting_checkpoint() {
    std::optional<Checkpoint> checkpoint;
    if (options_.resume) checkpoint = recorder_.newest_checkpoint();
    together(group_, [&] {
      if (!checkpoint && !options_.branch_of.empty()) {
        branch_ = find_branch_point(options_.branch_of, task_);
        checkpoint = load_checkpoint(branch_->path());
      }
      if (!checkpoint) return;
      for (const std::string& line : task_.resume(*checkpoint)) recorder_.warn(line);
    });
    return checkpoint;
  }

  void restore(std::optional<Checkpoint> checkpoint) {
    if (!checkpoint) {
      if (options_.resume)
        logger_.info(
            fmt::format("{}: no checkpoint yet, starting from the beginning", recorder_.path()));
      return;
    }
    together(group_, [&] {
      load_state_dict_strict(task_.model(), checkpoint->model, recorder_.path() + "/checkpoints");
      trainable_.load_state_dict(checkpoint->optimizer);
    });
    now_ = saved_ = std::move(checkpoint->state);
    state_.write({.iteration = now_.iteration});
    const int threads = cpu_context().num_threads();
    if (now_.threads != threads && options_.device.is_cpu()) {
      recorder_.warn(
          fmt::format("the run was started with {} threads and continues with {}; results may "
                      "differ in the last bits",
                      now_.threads, threads));
    }
    if (branch_) {
      recorder_.announce(
          fmt::format("branched off {} at iteration {}", branch_->parent, now_.iteration));
    } else {
      logger_.info(fmt::format("resumed at iteration {}", now_.iteration));
    }
  }

  /// Returns the signal that ended the loop, or 0 at the end of the schedule. The first batch is
  /// loaded.
  int train_steps() {
    const int64_t first = now_.iteration, last = config_.solver.max_iter;
    Progress progress(logger_, "train", last, {.first = first, .period_items = config_.log.period});
    // Stopped between an update and its evaluation.
    if (const int signal = finish_iteration()) return signal;
    for (int64_t iteration = first; !is_over(); ++iteration) {
      const double start = monotonic_seconds();
      if (micro_batches_.empty()) saving_on_failure([&] { together(group_, [&] { load(); }); });
      const double loaded = monotonic_seconds();
      step_->run(std::exchange(micro_batches_, {}), learning_rate(schedule_, iteration));
      now_.iteration = iteration + 1;
      take_records(false);
      metrics_.add_times(loaded - start, monotonic_seconds() - start);
      if (due(config_.log.period)) write_metrics(progress);
      progress.update(now_.iteration, details_);
      if (options_.after_update) options_.after_update(now_.iteration);
      if (const int signal = finish_iteration()) return signal;
    }
    progress.finish();
    if (now_.iteration < last)
      logger_.info(
          fmt::format("ended after iteration {}: {}", now_.iteration, end_of_run(now_, config_)));
    return 0;
  }

  bool is_over() const { return !end_of_run(now_, config_).empty(); }

  bool due(int64_t period) const {
    return now_.iteration == config_.solver.max_iter ||
           (period > 0 && now_.iteration % period == 0);
  }

  /// Evaluates and saves where they are due; returns the signal that came, after a checkpoint.
  int finish_iteration() {
    if (now_.iteration == 0) return 0;
    if (group_.size() == 1) signal_ = caught_signal();
    if (due(config_.evaluation_period) && !evaluated() && !signal_) {
      take_records(true);
      together(group_, [&] { require_finite_weights(); });
      saving_on_failure([&] { evaluate(); });
      signal_ = agreed_signal(group_);
    }
    const bool must_save = signal_ || is_over();
    // A checkpoint of this iteration that does not know of its evaluation is not good enough.
    if (must_save || due(config_.solver.checkpoint_period) || is_kept() || improved() ||
        saved_.iteration == now_.iteration) {
      // A full disk in the middle of a long run: training goes on, the next period tries again.
      save(must_save);
    }
    return signal_;
  }

  /// A branch may leave here.
  bool is_kept() const {
    const std::vector<int>& at = config_.checkpoint.at;
    return std::find(at.begin(), at.end(), now_.iteration) != at.end();
  }

  bool evaluated() const { return now_.evaluated_iteration == now_.iteration; }
  /// The evaluation after this iteration is the best so far, and no checkpoint says so.
  bool improved() const { return now_.best_iteration != saved_.best_iteration; }
  bool is_saved() const {
    return saved_.iteration == now_.iteration &&
           saved_.evaluated_iteration == now_.evaluated_iteration &&
           (now_.ended.empty() || saved_.ended == now_.ended);  // a longer schedule takes it up
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
    const double lr = learning_rate(schedule_, now_.iteration - 1);
    const double eta = progress.eta_seconds();
    const int64_t peak_mb = static_cast<int64_t>(memory_stats(options_.device).peak_bytes >> 20);
    std::vector<Metric> metrics{{"lr", lr}};
    for (Metric& metric : metrics_.take()) metrics.push_back(std::move(metric));
    metrics.push_back({"eta_seconds", std::isfinite(eta) ? eta : 0.0});
    metrics.push_back({"max_mem_mb", peak_mb});
    recorder_.write_metrics(now_.iteration, metrics);
    details_ = fmt::format("{}, lr {:.4g}, peak {} MiB", metrics_.summary(), lr, peak_mb);
  }

  void load() { micro_batches_ = task_.load(); }

  /// From the batches of the next updates, which come again when it is their turn. False when a
  /// signal came: the statistics are then what they were.
  bool make_statistics_precise() {
    if (config_.precise_bn_batches == 0) return true;
    PreciseStatistics statistics(task_.model());
    if (statistics.empty()) return true;
    const NoGrad no_grad;
    together(group_, [&] { task_.seek(now_.iteration); });
    bool stopped = false;
    for (int i = 0; i < config_.precise_bn_batches && !stopped; ++i) {
      together(group_, [&] { load(); });
      const LossContext context{&state_, config_.solver.dtype(),
                                std::ssize(micro_batches_) * group_.size()};
      for (const MicroBatch& micro_batch : micro_batches_)
        statistics.add(
            [&] { task_.losses(upload(micro_batch.tensors, options_.device), context); });
      stopped = agreed_signal(group_) != 0;
    }
    micro_batches_ = {};
    together(group_, [&] { task_.seek(now_.iteration); });
    if (!stopped) statistics.finish();
    return !stopped;
  }

  /// Leaves evaluated_iteration as it was when there was no evaluation.
  void evaluate() {
    const AveragedWeights averaged(trainable_.average.get());
    if (!make_statistics_precise()) return;
    const auto score = task_.evaluate(now_.iteration, recorder_.path());
    if (!score) return;
    recorder_.write_metrics(now_.iteration, score->metrics);
    summary_ = score->summary;
    now_.evaluated_iteration = now_.iteration;
    ++now_.evaluations_since_best;
    if (score->value <= now_.best_score) return;
    now_.best_score = score->value;
    now_.best_iteration = now_.iteration;
    now_.evaluations_since_best = 0;
  }

  /// A fault of data or disk costs no update that was made: what has been learned is saved first.
  template <class Work>
  void saving_on_failure(const Work& work) {
    const auto rescue = [&](const Error& error) {
      save(false);
      return fmt::format("{}{}{}{}", error.what(), kStoppedAfter, now_.iteration,
                         is_saved() ? " with a checkpoint, --resume continues" : "");
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
    for (const ArenaLeaf& leaf : trainable_.arena->leaves()) {
      const auto values = leaf.tensor.to_vector<float>();
      const bool finite = std::all_of(values.begin(), values.end(),
                                      [](float value) { return std::isfinite(value); });
      if (!finite) {
        throw DivergedError(fmt::format("training diverged at iteration {}: {} is not finite",
                                        now_.iteration - 1, leaf.name));
      }
    }
  }

  Checkpoint checkpoint() const {
    require_finite_weights();
    const AveragedWeights averaged(trainable_.average.get());
    Checkpoint checkpoint{state_dict(task_.model()), trainable_.state_dict(), task_.metadata(),
                          now_};
    checkpoint.state.config = task_.config_text();
    checkpoint.state.threads = cpu_context().num_threads();
    checkpoint.state.device = to_string(options_.device);
    checkpoint.state.task = task_.state();
    return checkpoint;
  }

  /// Does nothing when this state is saved. Unless required, a failure is a warning, and the best
  /// result is the one that can still be looked at.
  void save(bool required) {
    now_.ended = end_of_run(now_, config_);
    if (is_saved()) return;
    take_records(true);
    if (recorder_.save(
            now_.iteration, [&] { return checkpoint(); }, improved(), required)) {
      saved_ = now_;
      return;
    }
    now_.best_score = saved_.best_score;
    now_.best_iteration = saved_.best_iteration;
  }

  Task& task_;
  const RunConfig config_;
  const TrainOptions options_;
  Logger& logger_;
  ProcessGroup& group_;
  RunRecorder recorder_;
  std::optional<BranchPoint> branch_;  // where this run starts, if it is one
  const LrSchedule schedule_;
  const Tf32Scope tf32_;
  std::optional<ops::TunedConvolutions> tuned_;
  DeviceStepState state_;
  TrainingState now_, saved_;
  StepMetrics metrics_;
  Trainable trainable_;
  std::optional<TrainingStep> step_;
  std::span<const MicroBatch> micro_batches_;  // of the next update
  int signal_ = 0;                             // that ends the run; the same on all ranks
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

TrainOutcome train(Task& task, const TrainOptions& options, Logger& logger, ProcessGroup& group) {
  std::optional<Trainer> trainer;
  try {
    const RunConfig config = task.run_config();
    group.set_timeout(config.dist.timeout_seconds);
    const Tensor gpus = Tensor::full({1}, options.device.is_cpu() ? 0 : 1, DType::kF64);
    group.all_reduce(gpus);
    together(group, [&] {
      require_one_kind_of_device(static_cast<int>(gpus.item()), group.size());
      config.solver.validate_ranks(group.size());
      trainer.emplace(task, options, logger, group);
    });
    return trainer->run();
  } catch (const std::exception& error) {
    logger.record(error.what());
    throw;
  }
}

}  // namespace denovo::nn
