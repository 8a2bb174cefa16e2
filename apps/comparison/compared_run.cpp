#include "apps/comparison/compared_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files/file.h"
#include "detection/pretraining/classifier_config.h"
#include "detection/training/train_config.h"

namespace denovo::comparison {
namespace {

namespace fs = std::filesystem;

fs::path normal(const std::string& path) {
  fs::path result = fs::absolute(path).lexically_normal();
  return result.has_filename() ? result : result.parent_path();  // without a slash at the end
}

template <class Config>
void read_config(const std::string& file, ComparedRun& run) {
  Config config;
  ConfigFields fields = ConfigFields::of(config);
  fields.read_file(file);
  for (const ConfigField& field : fields.all())
    run.config.emplace_back(field.key(), field.value_text());
}

ComparedRun read_run(const std::string& path) {
  const std::string file = path + "/config.toml";
  if (!fs::exists(file))
    throw ConfigError(fmt::format("{}: there is no run here, config.toml is missing", path));
  ComparedRun run;
  run.path = path;
  run.finished = fs::exists(path + "/result.txt");
  // The one key that only detectors have for certain: they cannot train without it.
  if (read_file(file).find("\ntrain_annotations") != std::string::npos) {
    read_config<detection::TrainConfig>(file, run);
  } else {
    run.kind = RunKind::kClassifier;
    read_config<detection::ClassifierConfig>(file, run);
  }
  for (const MetricsLine& line : read_metrics(path + "/metrics.jsonl")) {
    const bool is_training = nn::is_training_line(line);
    if (is_training) run.totals.add(line);
    (is_training ? run.training : run.evaluations).push_back(line);
  }
  return run;
}

const char* made_by(RunKind kind) {
  return kind == RunKind::kDetector ? "train_coco" : "pretrain_imagenet";
}

std::string end_of(const fs::path& path, int names) {
  fs::path end;
  auto part = path.end();
  for (; names > 0 && part != path.begin(); --names) --part;
  for (; part != path.end(); ++part) end /= *part;
  return end;
}

}  // namespace

const MetricsLine* ComparedRun::best(const std::string& score) const {
  const MetricsLine* best = nullptr;
  for (const MetricsLine& line : evaluations)
    if (line.has(score) && (!best || line.value(score) > best->value(score))) best = &line;
  return best;
}

const MetricsLine* ComparedRun::last(const std::string& score) const {
  const auto found = std::find_if(evaluations.rbegin(), evaluations.rend(),
                                  [&](const MetricsLine& line) { return line.has(score); });
  return found == evaluations.rend() ? nullptr : &*found;
}

std::vector<ComparedRun> read_runs(const std::vector<std::string>& paths) {
  std::set<fs::path> seen;
  std::vector<ComparedRun> runs;
  for (const std::string& path : paths) {
    if (!seen.insert(normal(path)).second)
      throw ConfigError(fmt::format("{}: is named twice", path));
    runs.push_back(read_run(path));
    if (runs.back().kind != runs.front().kind)
      throw ConfigError(
          fmt::format("{}: is a run of {}, but {} one of {}; compare runs of one "
                      "program",
                      path, made_by(runs.back().kind), paths.front(), made_by(runs.front().kind)));
  }
  const std::vector<std::string> names = shortest_names(paths);
  for (size_t i = 0; i < runs.size(); ++i) runs[i].name = names[i];
  return runs;
}

std::vector<std::string> shortest_names(const std::vector<std::string>& paths) {
  std::vector<fs::path> whole;
  for (const std::string& path : paths) whole.push_back(normal(path));
  std::vector<std::string> names;
  for (const fs::path& path : whole) {
    int length = 1;
    const auto is_shared = [&] {
      return std::count_if(whole.begin(), whole.end(), [&](const fs::path& other) {
               return end_of(other, length) == end_of(path, length);
             }) > 1;
    };
    const auto most = static_cast<int>(std::distance(path.begin(), path.end()));
    while (length < most && is_shared()) ++length;
    names.push_back(end_of(path, length));
  }
  return names;
}

std::vector<ConfigRow> config_rows(const std::vector<ComparedRun>& runs) {
  std::vector<ConfigRow> rows;
  // Runs of one kind have the same keys in the same order.
  for (size_t i = 0; i < runs.front().config.size(); ++i) {
    ConfigRow row{.key = runs.front().config[i].first, .values = {}};
    for (const ComparedRun& run : runs) row.values.push_back(run.config[i].second);
    if (std::adjacent_find(row.values.begin(), row.values.end(), std::not_equal_to<>()) !=
        row.values.end())
      rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace denovo::comparison
