#include "apps/study/plan/tuning.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/log/read_metrics.h"

namespace denovo::study {
namespace {

/// The file: "240: solver.base_lr=0.02".
struct TunedFile {
  std::vector<std::string> overrides;
  void describe(ConfigFields& v) {
    v("overrides", overrides, "chosen by the study's tuning: \"IMAGES: section.key=value\"");
  }
};

}  // namespace

std::vector<std::vector<std::string>> combinations(const std::vector<std::string>& tune) {
  std::vector<std::vector<std::string>> all = {{}};
  for (const std::string& text : tune) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw ConfigError(
          fmt::format("config: study.tune must be section.key=value|value|..., got \"{}\"", text));
    }
    std::vector<std::vector<std::string>> longer;
    for (const auto& combination : all) {
      for (size_t begin = equals + 1; begin <= text.size();) {
        const size_t end = std::min(text.find('|', begin), text.size());
        longer.push_back(combination);
        longer.back().push_back(text.substr(0, equals + 1) + text.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    all = std::move(longer);
  }
  return all;
}

std::vector<StudyRun> tuning_runs(const StudyConfig& config, const Grid& grid,
                                  const std::string& study) {
  std::vector<StudyRun> runs;
  if (config.study.tune.empty()) return runs;
  const auto choices = combinations(config.study.tune);
  for (const int64_t images : grid.sizes) {
    for (size_t i = 0; i < choices.size(); ++i) {
      StudyRun run{.id = fmt::format("tuning-{}-{}", images, i + 1),
                   .arm = grid.arms[1].name,
                   .images = images,
                   .schedule = config.shortest(),
                   .seed = config.study.first_seed};
      configure(run, config, grid, study, choices[i]);
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

std::optional<Tuned> choose(const StudyConfig& config, const std::vector<StudyRun>& runs,
                            const std::vector<Job>& jobs) {
  const auto choices = combinations(config.study.tune);
  Tuned tuned;
  std::map<int64_t, double> best;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Job* job = find_job(jobs, runs[i].id);
    if (!job->is_over()) return std::nullopt;
    const double ap = job->state == JobState::kFinished
                          ? last_value(read_metrics(job->directory + "/metrics.jsonl"), "bbox/AP")
                          : -1;
    const auto [entry, is_new] = best.try_emplace(runs[i].images, -1);
    if (!(ap > entry->second)) continue;  // NaN, too
    entry->second = ap;
    tuned[runs[i].images] = choices[i % choices.size()];
  }
  for (const auto& [images, ap] : best)
    if (ap < 0)
      throw DivergedError(fmt::format("tuning: every choice has failed with {} images", images));
  return tuned;
}

void write_tuned(const std::string& path, const Tuned& tuned) {
  TunedFile file;
  for (const auto& [images, overrides] : tuned)
    for (const std::string& text : overrides)
      file.overrides.push_back(fmt::format("{}: {}", images, text));
  replace_file(path, config_text(file));
}

Tuned read_tuned(const std::string& path) {
  Tuned tuned;
  if (!std::filesystem::exists(path)) return tuned;
  for (const std::string& text : load_config<TunedFile>(path, {}).overrides) {
    const size_t colon = text.find(": ");
    if (colon == std::string::npos || colon != text.find_first_not_of("0123456789")) {
      throw ConfigError(fmt::format(
          "{}: an override must be \"IMAGES: section.key=value\", got \"{}\"", path, text));
    }
    tuned[std::stoll(text.substr(0, colon))].push_back(text.substr(colon + 2));
  }
  return tuned;
}

}  // namespace denovo::study
