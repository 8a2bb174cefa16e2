#include "nn/training/run_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "nn/training/end_of_run.h"

namespace denovo::nn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResult = "result.txt";

/// A run may become longer; what it has done stays what the longer one would have done.
bool lengthens_run(const ConfigDifference& difference) {
  return difference.key == "solver.max_iter" &&
         std::stoll(difference.after) > std::stoll(difference.before);
}

void refuse_other_config(const std::string& path, const Task& task) {
  const std::string file = path + "/config.toml";
  std::vector<std::string> changed;
  for (const auto& difference : task.differences_from(file)) {
    if (!difference.affects_result || lengthens_run(difference)) continue;
    changed.push_back(
        fmt::format("{} was {}, is {}", difference.key, difference.before, difference.after));
  }
  if (!changed.empty()) {
    throw ConfigError(fmt::format("{}: a resumed run must keep its configuration; {}", file,
                                  fmt::join(changed, "; ")));
  }
}

[[noreturn]] void refuse_other_run(const std::string& path) {
  throw ConfigError(fmt::format(
      "{}: holds another run; --resume continues it, another --out starts a new one", path));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, const Task& task, bool resume)
    : path_(std::move(path)), task_(task), resuming_(resume) {
  try {
    check();
  } catch (const fs::filesystem_error& error) {
    throw ResourceError(
        fmt::format("{}: cannot be looked into, got '{}'", path_, error.code().message()));
  }
}

void RunDirectory::check() {
  const bool is_run = fs::exists(path_ + "/config.toml");
  if (resuming_) {
    if (!is_run)
      throw ConfigError(fmt::format("{}: nothing to resume, there is no run here", path_));
    lock_.emplace(path_);
    refuse_other_config(path_, task_);
    return;
  }
  if (is_run) refuse_other_run(path_);
  if (fs::exists(path_) && (!fs::is_directory(path_) || !fs::is_empty(path_))) {
    throw ConfigError(
        fmt::format("{}: exists and is not an empty directory; choose another --out", path_));
  }
}

void RunDirectory::open() {
  const bool is_new = !fs::exists(path_);
  create_directories(path_);
  try {
    if (!lock_) lock_.emplace(path_);
    if (!resuming_ && fs::exists(path_ + "/config.toml")) refuse_other_run(path_);
    write_config();
  } catch (const ResourceError&) {
    lock_.reset();
    std::error_code ignored;
    if (is_new) fs::remove_all(path_, ignored);
    throw;
  }
}

void RunDirectory::write_config() const {
  create_directories(checkpoints());
  remove_unfinished(checkpoints());
  remove_unfinished(path_);
  replace_file(path_ + "/config.toml", task_.config_text());
}

std::optional<Checkpoint> RunDirectory::newest_checkpoint(
    const std::function<void(const std::string&)>& warn) const {
  std::vector<std::string> reasons, unreadable;
  auto names = list_checkpoints(checkpoints());
  for (; !names.empty(); names.pop_back()) {
    try {
      Checkpoint checkpoint = load_checkpoint(checkpoints() + "/" + names.back());
      for (size_t i = 0; i < unreadable.size(); ++i) {
        set_aside(unreadable[i]);
        warn(fmt::format("{}; renamed to unreadable_{}, continuing from the older checkpoint {}",
                         reasons[i], unreadable[i], names.back()));
      }
      if (!unreadable.empty()) replace_symlink(checkpoints() + "/last", names.back());
      return checkpoint;
    } catch (const IoError& error) {
      if (names.size() == 1) throw;
      reasons.emplace_back(error.what());
      unreadable.push_back(names.back());
    }
  }
  return std::nullopt;
}

bool RunDirectory::has_come_to_its_end(const RunConfig& config) const {
  const auto names = list_checkpoints(checkpoints());
  if (names.empty()) return false;
  if (names.back() == checkpoint_name(config.solver.max_iter)) return true;
  try {
    return !end_of_run(load_training_state(checkpoints() + "/" + names.back()), config).empty();
  } catch (const IoError&) {
    return false;
  }
}

void RunDirectory::set_aside(const std::string& name) const {
  // Out of the way of pruning, which would count it among the newest and delete a sound one.
  std::error_code ignored;
  const std::string best = checkpoints() + "/best", aside = checkpoints() + "/unreadable_" + name;
  fs::remove_all(aside, ignored);
  fs::rename(checkpoints() + "/" + name, aside, ignored);
  if (fs::read_symlink(best, ignored).string() == name) fs::remove(best, ignored);
}

void RunDirectory::prune_checkpoints(const CheckpointConfig& config) const {
  std::error_code ignored;
  std::vector<std::string> kept{fs::read_symlink(checkpoints() + "/best", ignored).string()};
  for (const int iteration : config.at) kept.push_back(checkpoint_name(iteration));
  const auto names = list_checkpoints(checkpoints());
  for (size_t i = 0; i + static_cast<size_t>(config.keep) < names.size(); ++i) {
    if (std::find(kept.begin(), kept.end(), names[i]) == kept.end())
      fs::remove_all(checkpoints() + "/" + names[i], ignored);
  }
}

std::string RunDirectory::evaluation_summary(int64_t iteration) const {
  const std::string file = fmt::format("{}/eval/{:07d}/summary.txt", path_, iteration);
  return fs::exists(file) ? read_file(file) : std::string("no evaluation\n");
}

std::string RunDirectory::finished_summary() const {
  const std::string file = path_ + "/" + kResult;
  return fs::exists(file) ? read_file(file) : std::string();
}

void RunDirectory::mark_finished(const std::string& summary) const {
  replace_file(path_ + "/" + kResult, summary);
}

}  // namespace denovo::nn
