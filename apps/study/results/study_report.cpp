#include "apps/study/results/study_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/study/statistics/image_bootstrap.h"
#include "apps/study/statistics/wording.h"
#include "core/program/version.h"
#include "data/coco/dataset.h"
#include "data/coco/image_files.h"
#include "data/coco/results.h"

namespace denovo::study {
namespace {

Design design_of(const StudyConfig& config, const Grid& grid) {
  Design design;
  design.reference = grid.arms.front().name;
  for (size_t i = 1; i < grid.arms.size(); ++i) design.others.push_back(grid.arms[i].name);
  design.sizes = grid.sizes;
  design.schedules = {config.study.schedules.begin(), config.study.schedules.end()};
  for (const StudyRun& run : grid.runs)
    if (const int64_t longest = grid.longest(run.images); longest < design.longest())
      design.longest_by_size[run.images] = longest;
  for (int i = 0; i < config.study.seeds; ++i) design.seeds.push_back(config.study.first_seed + i);
  design.margin = config.study.margin_ap;
  design.early_fraction = config.study.early_fraction;
  design.only_init_differs = !config.study.allow_differences;
  return design;
}

const RunResult* find(const std::vector<RunResult>& runs, const std::string& arm, int64_t images,
                      int64_t schedule, int64_t seed) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunResult& result) {
    const StudyRun& run = result.run;
    return run.arm == arm && run.images == images && run.schedule == schedule && run.seed == seed;
  });
  return found == runs.end() || found->state != JobState::kFinished ? nullptr : &*found;
}

/// Of the difference at the end of the longest schedule at the largest size, from the first seed of
/// which both runs are there.
std::optional<Interval> validation_noise(const StudyReport& report, const std::string& arm) {
  const Design& design = report.design;
  for (const int64_t seed : design.seeds) {
    const RunResult* pair[2] = {
        find(report.runs, design.reference, design.largest(), design.longest(), seed),
        find(report.runs, arm, design.largest(), design.longest(), seed)};
    if (!pair[0] || !pair[1]) continue;
    const auto detections = [&](const RunResult& result) {
      return data::read_results(fmt::format("{}/runs/{}/eval/{:07d}/coco_instances_results.json",
                                            report.directory, result.run.id, result.run.schedule),
                                {.boxes = true, .masks = false});
    };
    const detection::DataConfig& data = pair[0]->run.config.data;
    const auto ground_truth =
        data::read_coco(data.path(data.val_annotations), data::StructuralDefects::kThrow,
                        data::DatasetPart::kBoxes);
    const auto scratch = detections(*pair[0]), other = detections(*pair[1]);
    data::EvaluationOptions options;
    if (const int most = pair[0]->run.config.eval.max_images; most > 0)
      options.images = data::first_images(ground_truth, most);
    return bootstrap_difference(ground_truth, scratch.detections(), other.detections(),
                                data::IouType::kBbox, options)
        .interval;
  }
  return std::nullopt;
}

ArmCost cost_of_arm(const StudyReport& report, const std::string& arm) {
  ArmCost cost{.arm = arm};
  double runs = 0;
  for (const int64_t seed : report.design.seeds) {
    const RunResult* run =
        find(report.runs, arm, report.design.largest(), report.design.longest(), seed);
    if (!run) continue;
    ++runs;
    cost.images += static_cast<double>(run->images_seen);
    cost.instances += static_cast<double>(run->instances_seen);
    cost.pixels += static_cast<double>(run->pixels_seen);
    cost.iterations += static_cast<double>(run->iteration);
    cost.seconds += run->seconds;
  }
  for (double* sum : {&cost.images, &cost.instances, &cost.pixels, &cost.iterations, &cost.seconds})
    *sum = runs > 0 ? *sum / runs : 0;
  const auto uses = static_cast<double>(report.config.study.pretraining_uses);
  for (const PretrainingResult& each : report.pretraining) {
    if (each.arm != arm) continue;
    cost.pretraining_images = static_cast<double>(each.images_seen) / uses;
    cost.pretraining_pixels = static_cast<double>(each.pixels_seen) / uses;
    cost.pretraining_seconds = each.seconds / uses;
  }
  return cost;
}

std::vector<std::string> versions_of(const StudyReport& report) {
  std::vector<std::string> versions;
  const auto add = [&](const std::string& version) {
    const bool known = std::find(versions.begin(), versions.end(), version) != versions.end();
    if (!version.empty() && !known) versions.push_back(version);
  };
  for (const PretrainingResult& each : report.pretraining) add(each.version);
  for (const RunResult& run : report.runs) add(run.version);
  return versions;
}

}  // namespace

StudyReport make_report(const StudyConfig& config, const Grid& grid, const std::vector<Job>& jobs,
                        const ReportOrigin& origin) {
  StudyReport report;
  report.config = config;
  report.design = design_of(config, grid);
  report.directory = origin.directory;
  report.version = version_line();
  report.device = origin.device;
  report.data =
      fmt::format("training: {}\nvalidation: {}", origin.inputs.training, origin.inputs.validation);
  for (const Job& job : jobs) {
    if (job.is_pretraining()) {
      report.pretraining.push_back(read_pretraining(job));
    } else {
      report.runs.push_back(read_run(grid.run(job.id), job));
    }
  }
  conclude(report);
  for (ArmClaims& arm : report.claims) {
    Claim& no_worse = arm.claims[2];
    if (no_worse.n > 0 && no_worse.n < kFewestPairs)
      no_worse.validation_noise = validation_noise(report, arm.arm);
  }
  return report;
}

void conclude(StudyReport& report) {
  const Design& design = report.design;
  report.trained_by = versions_of(report);
  report.claims = judge(design, measurements_of(report.runs, true));
  report.ends = end_scores(design, report.runs, true);
  report.differences = end_differences(design, report.runs, true);
  if (report.runs.front().run.config.model.mask.enabled) {
    report.masks = judge(design, measurements_of(report.runs, false));
    report.mask_ends = end_scores(design, report.runs, false);
    report.mask_differences = end_differences(design, report.runs, false);
  }
  report.costs.push_back(cost_of_arm(report, design.reference));
  for (const ArmClaims& arm : report.claims) {
    report.advice.push_back(advise(design, arm));
    report.costs.push_back(cost_of_arm(report, arm.arm));
    for (const ParityCost& parity :
         parity_costs(design, report.runs, arm, report.costs.back().pretraining_pixels))
      report.parity_costs.push_back(parity);
  }
  for (const RunResult& run : report.runs) {
    const RunPoint *best = run.best(), *final = run.final();
    if (run.state == JobState::kFinished && best && final &&
        best->bbox.ap > final->bbox.ap + design.margin)
      report.overtrained.push_back({run.run.id, best->iteration, best->bbox.ap, final->bbox.ap});
  }
}

std::string summary_text(const StudyReport& report) {
  std::string text;
  for (size_t i = 0; i < report.claims.size(); ++i) {
    const ArmClaims& arm = report.claims[i];
    text += report.advice[i].text + "\n";
    for (const Claim& claim : arm.claims) {
      text += fmt::format("  {}. {:<12}  {}: {}\n", claim.id, verdict_name(claim.verdict),
                          claim.title, claim.why);
    }
    if (const auto& claim = arm.keypoints)
      text += fmt::format("  {}. {:<12}  {}: {}\n", claim->id, verdict_name(claim->verdict),
                          claim->title, claim->why);
    if (!report.advice[i].surer.empty()) text += report.advice[i].surer + "\n";
  }
  return text;
}

}  // namespace denovo::study
