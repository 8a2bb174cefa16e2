#include "detection/training/run_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "core/files/atomic_write.h"
#include "core/files/file.h"

namespace denovo::detection {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResult = "result.txt";

void refuse_other_config(const std::string& path, const TrainConfig& config) {
  const std::string file = path + "/config.toml";
  TrainConfig before;
  ConfigFields::of(before).read_file(file);
  TrainConfig now = config;
  std::vector<std::string> changed;
  for (const auto& difference :
       config_differences(ConfigFields::of(before), ConfigFields::of(now))) {
    if (!difference.affects_result) continue;
    if (difference.key == "solver.max_iter" && now.solver.max_iter > before.solver.max_iter)
      continue;
    changed.push_back(
        fmt::format("{} was {}, is {}", difference.key, difference.before, difference.after));
  }
  if (!changed.empty()) {
    throw ConfigError(fmt::format("{}: a resumed run must keep its configuration; {}", file,
                                  fmt::join(changed, "; ")));
  }
}

}  // namespace

RunDirectory::RunDirectory(std::string path, const TrainConfig& config, bool resume)
    : path_(std::move(path)), resuming_(resume) {
  const bool is_run = fs::exists(path_ + "/config.toml");
  if (resume) {
    if (!is_run)
      throw ConfigError(fmt::format("{}: nothing to resume, there is no run here", path_));
    refuse_other_config(path_, config);
  } else if (fs::exists(path_) && (!fs::is_directory(path_) || !fs::is_empty(path_))) {
    throw ConfigError(
        is_run
            ? fmt::format(
                  "{}: holds another run; --resume continues it, another --out starts a new one",
                  path_)
            : fmt::format("{}: exists and is not an empty directory; choose another --out", path_));
  }
}

void RunDirectory::open(const TrainConfig& config) {
  create_directories(path_);
  lock_.emplace(path_);
  replace_file(path_ + "/config.toml", config_text(config));
  create_directories(checkpoints());
  remove_unfinished(checkpoints());
  remove_unfinished(path_);
}

std::optional<Checkpoint> RunDirectory::newest_checkpoint(Logger& logger) const {
  auto names = list_checkpoints(checkpoints());
  std::string reason;
  for (; !names.empty(); names.pop_back()) {
    try {
      Checkpoint checkpoint = load_checkpoint(checkpoints() + "/" + names.back());
      if (!reason.empty()) logger.warn(fmt::format("{}; continuing from {}", reason, names.back()));
      return checkpoint;
    } catch (const IoError& error) {
      if (names.size() == 1) throw;
      reason = error.what();
    }
  }
  return std::nullopt;
}

void RunDirectory::prune_checkpoints(int keep) const {
  const auto names = list_checkpoints(checkpoints());
  std::error_code ignored;
  const std::string best = fs::read_symlink(checkpoints() + "/best", ignored).string();
  for (size_t i = 0; i + static_cast<size_t>(keep) < names.size(); ++i) {
    if (names[i] != best) fs::remove_all(checkpoints() + "/" + names[i], ignored);
  }
}

std::string RunDirectory::finished_summary() const {
  const std::string file = path_ + "/" + kResult;
  return fs::exists(file) ? read_file(file) : std::string();
}

void RunDirectory::mark_finished(const std::string& summary) const {
  replace_file(path_ + "/" + kResult, summary);
}

}  // namespace denovo::detection
