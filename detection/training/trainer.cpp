#include "detection/training/trainer.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "core/backend.h"
#include "core/files/atomic_write.h"
#include "core/files/signals.h"
#include "core/log/progress.h"
#include "data/coco/subset.h"
#include "detection/evaluation/pictures.h"
#include "detection/training/training_step.h"
#include "nn/state_dict.h"

namespace denovo::detection {
namespace {

data::InputRule input_rule(const InputConfig& input) {
  return {.short_sides = input.min_size_train,
          .max_size = input.max_size,
          .flip = input.flip,
          .padding = input.padding == "batch" ? data::Padding::kBatch : data::Padding::kBucket};
}

/// One run from its first or resumed step to its end.
class Trainer {
 public:
  Trainer(const TrainConfig& config, const TrainOptions& options, Logger& logger)
      : config_(config),
        logger_(logger),
        device_(options.device),
        run_(options.out, config, options.resume),
        train_set_(data::read_coco(config.data.path(config.data.train_annotations))),
        view_(data::training_view(train_set_, {.masks = config.model.mask.enabled,
                                               .max_bad_fraction = config.data.max_bad_fraction})),
        schedule_(config.solver.schedule()),
        state_(options.device) {
    if (config.data.max_train_images > 0)
      view_ = data::subset(view_, train_set_, config.data.max_train_images,
                           static_cast<uint64_t>(config.seed));
    logger_.info(view_.summary());
    if (!config.data.val_annotations.empty()) {
      val_set_ = data::read_coco(config.data.path(config.data.val_annotations));
      check_same_categories();
    }
    built_ = build_model(config_, train_set_.num_classes(), device_, logger_);
    logger_.info(fmt::format(
        "model: {:.1f} million parameters, {} classes; {} iterations of {} images at learning rate "
        "{:.5g}",
        static_cast<double>(built_.model->num_parameters()) / 1e6, train_set_.num_classes(),
        config_.solver.max_iter, config_.solver.images_per_batch, schedule_.base_lr));
  }

  TrainOutcome run() {
    if (run_.resuming()) {
      if (const std::string summary = run_.finished_summary(); !summary.empty() && is_finished())
        return {0, summary};
    }
    if (caught_signal()) return {caught_signal(), {}};
    run_.open(config_);
    logger_.open_file(run_.path() + "/log.txt");
    if (run_.resuming()) restore();
    const int signal = train_steps();
    if (signal) return {signal, {}};
    const std::string summary = last_summary_.empty() ? evaluate() : last_summary_;
    run_.mark_finished(summary);
    return {0, summary};
  }

 private:
  void check_same_categories() const {
    for (const auto& category : val_set_->categories()) {
      if (train_set_.find_category(category.id) < 0) {
        throw IoError(fmt::format("{}: category {} ({}) is not in {}", val_set_->path(),
                                  category.id, category.name, train_set_.path()));
      }
    }
  }

  bool is_finished() {
    const auto names = list_checkpoints(run_.checkpoints());
    return !names.empty() && names.back() >= checkpoint_name(config_.solver.max_iter);
  }

  void restore() {
    const auto checkpoint = run_.newest_checkpoint(logger_);
    if (!checkpoint) {
      logger_.info(fmt::format("{}: no checkpoint yet, starting from the beginning", run_.path()));
      return;
    }
    const TrainingState& state = checkpoint->state;
    nn::load_state_dict_strict(*built_.model, checkpoint->model, run_.checkpoints());
    built_.optimizer->load_state_dict(checkpoint->optimizer);
    progress_ = state;
    state_.get()->iteration = state.iteration;
    if (state.threads != cpu_context().num_threads() && device_.is_cpu()) {
      logger_.warn(
          fmt::format("the run was started with {} threads and continues with {}; results may "
                      "differ in the last bits",
                      state.threads, cpu_context().num_threads()));
    }
    logger_.info(fmt::format("resumed at iteration {}", state.iteration));
  }

  /// Returns the signal that ended the loop, or 0 at the end of the schedule.
  int train_steps() {
    const int64_t first = progress_.iteration, last = config_.solver.max_iter;
    const int micro_batches = config_.solver.accumulate;
    data::TrainLoader loader(
        train_set_, view_,
        {.builder = {.image_root = config_.data.path(config_.data.train_images),
                     .rule = input_rule(config_.input),
                     .masks = config_.model.mask.enabled,
                     .skip_bad_images = config_.data.on_bad_image == "skip",
                     .seed = static_cast<uint64_t>(config_.seed),
                     .cache_bytes = int64_t{config_.data.cache_mb} << 20},
         .images_per_batch = config_.solver.images_per_batch,
         .num_parts = micro_batches,
         .threads = config_.data.workers},
        first);
    TrainingStep step(*built_.model, *built_.optimizer, config_, state_);
    RunLog log(run_.path(), config_.log.tensorboard, first);
    Progress progress(logger_, "train", last, {.first = first, .period_items = config_.log.period});
    for (int64_t iteration = first; iteration < last; ++iteration) {
      const double start = monotonic_seconds();
      std::vector<data::Batch> batches;
      try {
        for (int i = 0; i < micro_batches; ++i) batches.push_back(loader.next());
      } catch (const IoError&) {
        if (iteration > first) save(step, log);
        throw;
      }
      const double loaded = monotonic_seconds();
      step.run(batches, nn::learning_rate(schedule_, iteration));
      progress_.iteration = iteration + 1;
      for (const data::Batch& batch : batches) count(batch);
      for (const StepRecord& record : step.take_records(false)) window_add(record);
      data_seconds_ += loaded - start;
      step_seconds_ += monotonic_seconds() - start;
      after_step(step, log, progress);
      if (const int signal = caught_signal()) {
        save(step, log);
        logger_.info(fmt::format(
            "stopped by signal {} after iteration {}, checkpoint written; --resume continues",
            signal, progress_.iteration));
        return signal;
      }
    }
    progress.finish();
    return 0;
  }

  void after_step(TrainingStep& step, RunLog& log, Progress& progress) {
    const int64_t done = progress_.iteration, last = config_.solver.max_iter;
    const auto due = [&](int64_t period) { return period > 0 && done % period == 0; };
    if (due(config_.log.period) || done == last) {
      drain(step);
      write_metrics(log, progress);
    }
    progress.update(done, details_);
    if (due(config_.eval.period) || done == last) {
      drain(step);
      last_summary_ = evaluate(&log);
    }
    if (due(config_.solver.checkpoint_period) || done == last || improved_) save(step, log);
  }

  void drain(TrainingStep& step) {
    for (const StepRecord& record : step.take_records(true)) window_add(record);
  }

  void window_add(const StepRecord& record) {
    if (progress_.window.empty()) {
      for (const auto& [name, value] : record.losses) progress_.window.emplace_back(name, 0.0);
    }
    for (size_t i = 0; i < record.losses.size(); ++i)
      progress_.window[i].second += record.losses[i].second;
    ++progress_.window_count;
  }

  void count(const data::Batch& batch) {
    progress_.images_seen += batch.count();
    for (const int32_t c : batch.classes.to_vector<int32_t>()) progress_.instances_seen += c >= 0;
    const auto sizes = batch.image_sizes.to_vector<int32_t>();
    for (size_t i = 0; i < sizes.size(); i += 2)
      progress_.pixels_seen += int64_t{sizes[i]} * sizes[i + 1];
  }

  void write_metrics(RunLog& log, const Progress& progress) {
    const auto steps = static_cast<double>(std::max<int64_t>(1, progress_.window_count));
    std::vector<Metric> metrics{{"lr", nn::learning_rate(schedule_, progress_.iteration - 1)}};
    std::string losses;
    for (const auto& [name, sum] : progress_.window) {
      metrics.push_back({name, sum / steps});
      if (name == "total_loss") losses = fmt::format("loss {:.3f}", sum / steps);
    }
    const double eta = progress.eta_seconds();
    metrics.push_back({"data_time", data_seconds_ / steps});
    metrics.push_back({"time", step_seconds_ / steps});
    metrics.push_back({"eta_seconds", std::isfinite(eta) ? eta : 0.0});
    metrics.push_back({"images_seen", progress_.images_seen});
    metrics.push_back({"instances_seen", progress_.instances_seen});
    metrics.push_back({"pixels_seen", progress_.pixels_seen});
    const auto peak_mb = static_cast<int64_t>(memory_stats(device_).peak_bytes >> 20);
    metrics.push_back({"max_mem_mb", peak_mb});
    log.write(progress_.iteration, metrics);
    details_ = fmt::format("{:.2f} images/s, {}, lr {:.4g}, peak {} MiB",
                           config_.solver.images_per_batch * steps / std::max(1e-9, step_seconds_),
                           losses, nn::learning_rate(schedule_, progress_.iteration - 1), peak_mb);
    progress_.window.clear();
    progress_.window_count = 0;
    data_seconds_ = step_seconds_ = 0;
  }

  /// Evaluates, writes eval/ITERATION, pictures and metrics; returns the summary.
  std::string evaluate(RunLog* log = nullptr) {
    if (!val_set_) return "no validation set\n";
    Progress progress(logger_, "evaluate",
                      config_.eval.max_images > 0
                          ? config_.eval.max_images
                          : static_cast<int64_t>(val_set_->images().size()));
    data::InputRule rule = input_rule(config_.input);
    rule.short_sides = {config_.input.min_size_test};
    std::vector<int64_t> category_ids;  // the validation set may lack some
    for (const auto& category : train_set_.categories()) category_ids.push_back(category.id);
    const auto images =
        detect_dataset(*built_.model, *val_set_,
                       {.image_root = config_.data.path(config_.data.val_images),
                        .rule = rule,
                        .category_ids = category_ids,
                        .max_images = config_.eval.max_images,
                        .images_per_batch = 4,
                        .device = device_,
                        .progress = [&](int64_t done, int64_t) { progress.update(done); }});
    const ModelScores scores = score_detections(*val_set_, images, config_.model.mask.enabled);
    write_evaluation(fmt::format("{}/eval/{:07d}", run_.path(), progress_.iteration), images,
                     scores);
    write_pictures(run_.path() + "/vis", progress_.iteration, *val_set_,
                   config_.data.path(config_.data.val_images), images, config_.eval.pictures);
    const data::CocoStats &bbox = scores.bbox.stats,
                          *segm = scores.segm ? &scores.segm->stats : nullptr;
    logger_.info(fmt::format("iteration {}: box AP {:.1f} AP50 {:.1f} AP75 {:.1f}{}",
                             progress_.iteration, 100 * bbox.AP, 100 * bbox.AP50, 100 * bbox.AP75,
                             segm ? fmt::format(", mask AP {:.1f} AP50 {:.1f} AP75 {:.1f}",
                                                100 * segm->AP, 100 * segm->AP50, 100 * segm->AP75)
                                  : ""));
    if (log) log->write(progress_.iteration, evaluation_metrics(scores));
    improved_ = bbox.AP > progress_.best_ap;
    if (improved_) {
      progress_.best_ap = bbox.AP;
      progress_.best_iteration = progress_.iteration;
    }
    return scores_text(scores);
  }

  static std::vector<Metric> evaluation_metrics(const ModelScores& scores) {
    std::vector<Metric> metrics;
    const auto add = [&](const char* type, const data::CocoStats& stats) {
      const auto values = stats.values();
      for (size_t i = 0; i < values.size(); ++i) {
        metrics.push_back({fmt::format("{}/{}", type, data::CocoStats::kNames[i]),
                           values[i] < 0 ? values[i] : 100 * values[i]});
      }
    };
    add("bbox", scores.bbox.stats);
    if (scores.segm) add("segm", scores.segm->stats);
    return metrics;
  }

  void save(TrainingStep& step, RunLog&) {
    drain(step);
    Checkpoint checkpoint{nn::state_dict(*built_.model), built_.optimizer->state_dict(),
                          model_metadata(config_, train_set_), progress_};
    checkpoint.state.config = config_text(config_);
    checkpoint.state.threads = cpu_context().num_threads();
    checkpoint.state.device = to_string(device_);
    const std::string name = checkpoint_name(progress_.iteration);
    try {
      save_checkpoint(run_.checkpoints(), name, checkpoint);
      replace_symlink(run_.checkpoints() + "/last", name);
      if (improved_) replace_symlink(run_.checkpoints() + "/best", name);
    } catch (const ResourceError& error) {
      // A full disk in the middle of a long run: training goes on, the next period tries again.
      if (progress_.iteration == config_.solver.max_iter || caught_signal()) throw;
      logger_.warn(fmt::format("checkpoint not written: {}", error.what()));
      return;
    }
    improved_ = false;
    run_.prune_checkpoints(config_.checkpoint.keep);
  }

  const TrainConfig config_;
  Logger& logger_;
  const Device device_;
  RunDirectory run_;
  data::CocoDataset train_set_;
  data::TrainingView view_;
  std::optional<data::CocoDataset> val_set_;
  nn::LrSchedule schedule_;
  DeviceStepState state_;
  TrainableModel built_;
  TrainingState progress_;
  double data_seconds_ = 0, step_seconds_ = 0;
  bool improved_ = false;
  std::string details_, last_summary_;
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
