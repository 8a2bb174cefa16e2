// A report without runs on disk: made of numbers.
#pragma once

#include <cmath>
#include <string>

#include "apps/study/results/study_report.h"
#include "tests/apps/study/statistics/study_grid.h"

namespace denovo::testing {

/// A finished study of `design`, seeds with noise: pre-trained arms are 6 AP ahead at the end of
/// the shortest schedule and level at the end of the longest.
inline study::StudyReport report_case(const study::Design& design, bool masks = false) {
  study::StudyReport report;
  report.design = design;
  report.config.study.arms = {design.reference + "=random"};
  for (const std::string& arm : design.others)
    report.config.study.arms.push_back(arm + "=weights/" + arm + ".safetensors");
  report.config.study.schedules = {design.schedules.begin(), design.schedules.end()};
  report.config.study.sizes = {design.sizes.begin(), design.sizes.end()};
  report.config.study.seeds = static_cast<int>(design.seeds.size());
  report.directory = "studies/mine";
  report.version = "denovo 0.1.0 (commit abc)";
  report.device = "cpu";
  report.data = "training: 2000 images 0123456789abcdef";
  for (const study::Measurement& m :
       simulate(design, {.behind_shortest = 6, .behind_early = 5}, 0.3, 0)) {
    study::RunResult result;
    result.run.id = study::run_name(m.arm, m.images, m.schedule, m.seed);
    result.run.arm = m.arm;
    result.run.images = m.images;
    result.run.schedule = m.schedule;
    result.run.seed = m.seed;
    result.run.config.model.mask.enabled = masks;
    result.state = study::JobState::kFinished;
    const double nan = std::nan("");
    for (const study::CurvePoint& point : m.curve) {
      const study::Scores box{point.ap, point.ap + 12, point.ap - 2};
      const study::Scores mask = masks ? study::Scores{point.ap - 1, point.ap + 10, point.ap - 3}
                                       : study::Scores{nan, nan, nan};
      result.curve.push_back({.iteration = point.iteration,
                              .images_seen = 4 * point.iteration,
                              .bbox = box,
                              .segm = mask,
                              .train_bbox = {point.ap + 5, point.ap + 15, point.ap},
                              .train_segm = mask});
    }
    result.curve.back().bbox = m.final;
    result.curve.back().train_bbox.ap = m.train_ap;
    result.iteration = m.schedule;
    result.images_seen = 4 * m.schedule;
    result.instances_seen = 17 * m.schedule;
    result.pixels_seen = 40'000 * m.schedule + m.images;
    result.seconds = 0.0123 * static_cast<double>(m.schedule);
    report.runs.push_back(result);
  }
  return report;
}

}  // namespace denovo::testing
