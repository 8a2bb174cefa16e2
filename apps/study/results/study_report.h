// All that a report tells, in numbers; report_json.h and the page say it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/study/plan/study_inputs.h"
#include "apps/study/results/end_scores.h"
#include "apps/study/results/run_results.h"
#include "apps/study/statistics/advice.h"
#include "apps/study/statistics/claims.h"

namespace denovo::study {

/// What an arm has been shown, of the largest size and the longest schedule, mean over its seeds.
struct ArmCost {
  std::string arm;
  double images = 0, instances = 0, pixels = 0, iterations = 0, seconds = 0;
  /// Of its pre-training, divided by study.pretraining_uses; 0 without.
  double pretraining_images = 0, pretraining_pixels = 0, pretraining_seconds = 0;
};

/// A run whose best evaluation is above its last by more than the margin.
struct Overtrained {
  std::string run;
  int64_t best_iteration = 0;
  double best_ap = 0, final_ap = 0;
};

struct StudyReport {
  StudyConfig config;
  Design design;
  std::vector<RunResult> runs;  // in the order of the grid, all of them
  std::vector<PretrainingResult> pretraining;
  std::vector<ArmClaims> claims;           // of box AP, by arm
  std::vector<ArmClaims> masks;            // the same of mask AP; empty without masks
  std::vector<Advice> advice;              // by arm
  std::vector<ArmCost> costs;              // by arm, the reference first
  std::vector<ParityCost> parity_costs;    // by arm, then size
  std::vector<EndScores> ends, mask_ends;  // of box AP; of mask AP, empty without masks
  std::vector<EndDifference> differences, mask_differences;
  std::vector<Overtrained> overtrained;
  std::string directory;
  std::string version, device, data;    // version_line; --device; fingerprints, a line each
  std::vector<std::string> trained_by;  // versions of the programs that trained, as runs come
};

/// Where the report gets what no run knows.
struct ReportOrigin {
  std::string directory, device;
  StudyInputs inputs;
};

/// Reads all runs. Of claims with fewer than three pairs, claim 3 gets the noise of the validation
/// images, from the detections of its first pair. Throws IoError for what cannot be read.
StudyReport make_report(const StudyConfig& config, const Grid& grid, const std::vector<Job>& jobs,
                        const ReportOrigin& origin);

/// Fills in all that follows from config, design, runs and pretraining.
void conclude(StudyReport& report);

/// For the terminal: the answer, then a line a claim.
std::string summary_text(const StudyReport& report);

}  // namespace denovo::study
