#include "apps/study/results/run_results.h"

#include <algorithm>
#include <cmath>

#include "core/log/read_metrics.h"

namespace denovo::study {
namespace {

Scores scores_of(const MetricsLine& line, const std::string& type) {
  return {line.value(type + "/AP"), line.value(type + "/AP50"), line.value(type + "/AP75")};
}

/// What the training lines of metrics.jsonl count.
struct Totals {
  int64_t images = 0, instances = 0, pixels = 0, iteration = 0;
  double seconds = 0;

  void add(const MetricsLine& line) {
    const auto count = [&](const char* name, int64_t& total) {
      if (line.has(name)) total = static_cast<int64_t>(line.value(name));
    };
    count("images_seen", images);
    count("instances_seen", instances);
    count("pixels_seen", pixels);
    // A line's time is the mean over the steps since the line before it.
    if (line.has("time"))
      seconds += line.value("time") * static_cast<double>(line.iteration - iteration);
    iteration = line.iteration;
  }
};

bool is_training_line(const MetricsLine& line) {
  return line.has("lr");
}

}  // namespace

const RunPoint* RunResult::final() const {
  return !curve.empty() && curve.back().iteration == run.schedule ? &curve.back() : nullptr;
}

const RunPoint* RunResult::best() const {
  const auto best =
      std::max_element(curve.begin(), curve.end(),
                       [](const RunPoint& a, const RunPoint& b) { return a.bbox.ap < b.bbox.ap; });
  return best == curve.end() ? nullptr : &*best;
}

RunResult read_run(const StudyRun& run, const Job& job) {
  RunResult result{.run = run, .state = job.state, .reason = job.reason, .curve = {}};
  Totals totals;
  for (const MetricsLine& line : read_metrics(job.directory + "/metrics.jsonl")) {
    if (is_training_line(line)) {
      totals.add(line);
      continue;
    }
    result.curve.push_back({line.iteration, line.iteration * run.config.solver.images_per_batch,
                            scores_of(line, "bbox"), scores_of(line, "segm"),
                            scores_of(line, "train_bbox"), scores_of(line, "train_segm")});
  }
  result.iteration = totals.iteration;
  result.images_seen = totals.images;
  result.instances_seen = totals.instances;
  result.pixels_seen = totals.pixels;
  result.seconds = totals.seconds;
  return result;
}

PretrainingResult read_pretraining(const Job& job) {
  PretrainingResult result{.arm = job.id.substr(job.id.find('/') + 1), .state = job.state};
  result.top1 = std::nan("");
  Totals totals;
  for (const MetricsLine& line : read_metrics(job.directory + "/metrics.jsonl")) {
    if (is_training_line(line)) totals.add(line);
    if (line.has("top1")) result.top1 = line.value("top1");
  }
  result.images_seen = totals.images;
  result.pixels_seen = totals.pixels;
  result.seconds = totals.seconds;
  return result;
}

Measurement measurement_of(const RunResult& result, bool boxes) {
  const StudyRun& run = result.run;
  Measurement measurement;
  measurement.arm = run.arm;
  measurement.images = run.images;
  measurement.schedule = run.schedule;
  measurement.seed = run.seed;
  const auto scores = [&](const RunPoint& point) { return boxes ? point.bbox : point.segm; };
  const RunPoint* final = result.final();
  measurement.finished = result.state == JobState::kFinished && final;
  if (final) {
    measurement.final = scores(*final);
    measurement.train_ap = (boxes ? final->train_bbox : final->train_segm).ap;
  }
  for (const RunPoint& point : result.curve)
    measurement.curve.push_back({point.iteration, scores(point).ap});
  return measurement;
}

std::vector<Measurement> measurements_of(const std::vector<RunResult>& results, bool boxes) {
  std::vector<Measurement> measurements;
  for (const RunResult& result : results) measurements.push_back(measurement_of(result, boxes));
  return measurements;
}

}  // namespace denovo::study
