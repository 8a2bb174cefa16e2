// Hands a study to Slurm: job arrays with dependencies, whose tasks each run one job of the plan.
#pragma once

#include <string>
#include <vector>

#include "apps/study/plan/job.h"

namespace denovo::study {

struct SlurmOptions {
  std::string study;   // directory, on a file system that all nodes see
  std::string sbatch;  // options for every task: "--partition=gpu --gres=gpu:8 --time=2-0"
  std::vector<std::string> command;  // ablate_data_size with its configuration and --out
};

/// Submits the jobs that are not over, and a last task that reports. Tasks call
/// `command --only ID`; their lists are STUDY/slurm/STAGE.txt, their output STUDY/slurm/*.out:
///
///   pretraining
///   alone        runs that need nothing
///   pretrained   runs that need a pre-training   after it ended well
///   branches     runs that leave another run     after all of those ended, well or not
///   report                                       after all
///
/// Returns a line per array with Slurm's number, for people. Throws ConfigError with what sbatch
/// said when it refuses, ResourceError where there is no sbatch; arrays that were submitted before
/// are cancelled then.
std::vector<std::string> submit_slurm(const std::vector<Job>& jobs, const SlurmOptions& options);

}  // namespace denovo::study
