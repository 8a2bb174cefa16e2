#include "apps/study/results/run_results.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "nn/training/training_totals.h"

namespace denovo::study {
namespace {

Scores scores_of(const MetricsLine& line, const std::string& type) {
  return {line.value(type + "/AP"), line.value(type + "/AP50"), line.value(type + "/AP75")};
}

/// The version line (core/program/version.h) in the newest checkpoint of a run. Empty where that
/// cannot be read, as in a run that goes on and has just deleted it: no number hangs on it.
std::string version_of(const std::string& run) {
  try {
    const Metadata metadata =
        SafetensorsFile(run + "/checkpoints/last/model.safetensors").metadata();
    const auto found = metadata.find("version");
    return found == metadata.end() ? "" : found->second.substr(0, found->second.find('\n'));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

const RunPoint* RunResult::final() const {
  return !curve.empty() && curve.back().iteration == run.schedule ? &curve.back() : nullptr;
}

const RunPoint* RunResult::best() const {
  const RunPoint* best = nullptr;
  for (const RunPoint& point : curve)
    if (!std::isnan(point.bbox.ap) && (!best || point.bbox.ap > best->bbox.ap)) best = &point;
  return best;
}

RunResult read_run(const StudyRun& run, const Job& job) {
  RunResult result{.run = run, .state = job.state, .reason = job.reason, .curve = {}};
  nn::TrainingTotals totals;
  for (const MetricsLine& line : read_metrics(job.directory + "/metrics.jsonl")) {
    if (nn::is_training_line(line)) {
      totals.add(line);
      continue;
    }
    result.curve.push_back({line.iteration, line.iteration * run.config.solver.images_per_batch,
                            scores_of(line, "bbox"), scores_of(line, "segm"),
                            scores_of(line, "train_bbox"), scores_of(line, "train_segm"),
                            line.value("keypoints/AP")});
  }
  result.iteration = totals.iteration;
  result.images_seen = totals.images_seen;
  result.instances_seen = totals.instances_seen;
  result.pixels_seen = totals.pixels_seen;
  result.seconds = totals.seconds;
  result.version = version_of(job.directory);
  return result;
}

PretrainingResult read_pretraining(const Job& job) {
  PretrainingResult result{.arm = job.pretrained_arm(), .state = job.state};
  result.top1 = std::nan("");
  nn::TrainingTotals totals;
  for (const MetricsLine& line : read_metrics(job.directory + "/metrics.jsonl")) {
    if (nn::is_training_line(line)) totals.add(line);
    if (line.has("top1")) result.top1 = line.value("top1");
  }
  result.images_seen = totals.images_seen;
  result.pixels_seen = totals.pixels_seen;
  result.seconds = totals.seconds;
  result.version = version_of(job.directory);
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
    if (boxes) measurement.keypoint_ap = final->keypoint_ap;
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
