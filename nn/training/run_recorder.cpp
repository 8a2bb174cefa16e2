#include "nn/training/run_recorder.h"

#include <fmt/format.h>

#include "core/dist/rank_error.h"
#include "core/files/atomic_write.h"
#include "core/program/exit_status.h"

namespace denovo::nn {

RunRecorder::RunRecorder(std::string path, const Task& task, bool resume, Logger& logger,
                         ProcessGroup& group)
    : path_(std::move(path)), config_(task.run_config()), logger_(logger), group_(group) {
  if (group.is_first()) directory_.emplace(path_, task, resume);
}

void RunRecorder::announce(const std::string& line) {
  if (!directory_) return;
  logger_.info(line);
  opening_lines_.push_back(line);
}

void RunRecorder::warn(const std::string& line) {
  if (!directory_) return;
  logger_.warn(line);
  opening_lines_.push_back("warning: " + line);
}

std::string RunRecorder::finished_summary() {
  std::string summary;
  together(group_, [&] {
    if (!directory_ || !directory_->resuming()) return;
    if (directory_->has_come_to_its_end(config_)) summary = directory_->finished_summary();
  });
  return group_.broadcast(summary);
}

void RunRecorder::open() {
  together(group_, [&] {
    if (!directory_) return;
    directory_->open();
    logger_.open_file(path_ + "/log.txt");
    for (const std::string& line : opening_lines_) logger_.record(line);
  });
}

std::optional<Checkpoint> RunRecorder::newest_checkpoint() {
  std::optional<Checkpoint> checkpoint;
  std::string name;
  together(group_, [&] {
    if (!directory_) return;
    checkpoint = directory_->newest_checkpoint([&](const std::string& line) { warn(line); });
    if (checkpoint) name = checkpoint_name(checkpoint->state.iteration);
  });
  name = group_.broadcast(name);
  together(group_, [&] {
    if (!directory_ && !name.empty()) checkpoint = load_checkpoint(path_ + "/checkpoints/" + name);
  });
  return checkpoint;
}

void RunRecorder::take_over(const BranchPoint& branch) {
  together(group_, [&] {
    if (directory_) nn::take_over(branch, path_);
  });
}

void RunRecorder::start_metrics(int64_t first_iteration) {
  if (directory_) log_.emplace(path_, config_.log.tensorboard, first_iteration);
}

void RunRecorder::write_metrics(int64_t iteration, const std::vector<Metric>& metrics) {
  if (log_) log_->write(iteration, metrics);
}

bool RunRecorder::save(int64_t iteration, const std::function<Checkpoint()>& make, bool is_best,
                       bool required) {
  try {
    together(group_, [&] {
      if (!directory_) return;
      const std::string name = checkpoint_name(iteration), folder = directory_->checkpoints();
      save_checkpoint(folder, name, make());
      replace_symlink(folder + "/last", name);
      if (is_best) replace_symlink(folder + "/best", name);
    });
  } catch (const Error& error) {
    if (required || exit_code(error) != kExhaustedStatus) throw;
    if (directory_) logger_.warn(fmt::format("checkpoint not written: {}", error.what()));
    return false;
  }
  if (directory_) directory_->prune_checkpoints(config_.checkpoint);
  return true;
}

std::string RunRecorder::finish(int64_t iteration, const std::string& summary) {
  if (!directory_) return {};
  const std::string text = summary.empty() ? directory_->evaluation_summary(iteration) : summary;
  directory_->mark_finished(text);
  return text;
}

}  // namespace denovo::nn
