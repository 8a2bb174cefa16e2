// What a study has to run: each pre-training and each run of the grid as a program with its
// arguments, in an order in which all of them can be run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/study/plan/costs.h"
#include "apps/study/plan/grid.h"

namespace denovo::study {

enum class JobState {
  kPending,
  kRunning,
  kFinished,
  kStopped,  // ended before its time: it goes on when the study does
  kFailed,   // by its own doing (it diverged): its pair is missing until its directory is deleted
};
const char* name_of(JobState state);

struct Job {
  std::string id;               // of the run, or "pretraining/ARM"
  std::string directory;        // of its run
  std::string needs = {};       // id of the job that it goes on from; empty: none
  std::string needs_file = {};  // what must be there of it: a checkpoint, the end of a pre-training
  std::vector<std::string> command = {};  // without --resume
  int64_t first = 0, last = 0;            // its own iterations are first + 1 ... last
  double estimated_seconds = 0;
  JobState state = JobState::kPending;
  std::string reason = {};  // why it stopped or failed, a sentence

  bool is_pretraining() const { return id.starts_with("pretraining/"); }
  /// Of a pre-training: the name of its arm.
  std::string pretrained_arm() const { return id.substr(id.find('/') + 1); }
  bool is_over() const { return state == JobState::kFinished || state == JobState::kFailed; }
};

struct JobOptions {
  std::string study;  // directory
  std::string device = "auto";
  int threads = 1;          // of each job: part of what the bits of a CPU run depend on
  std::string launch = {};  // words put before each train_coco
};

/// `launch` and train_coco: how a command begins that trains a detector.
std::vector<std::string> train_coco_command(const JobOptions& options);

/// The jobs of pre-trainings, and of these runs, pending. Throws ConfigError and IoError for a
/// configuration of pre-training that cannot be read.
std::vector<Job> jobs_of(const std::vector<Arm>& arms, const std::vector<StudyRun>& runs,
                         const JobOptions& options);

/// nullptr: none has this id.
const Job* find_job(const std::vector<Job>& jobs, const std::string& id);

/// Fills in estimated_seconds. Evaluations of a run are those of its own iterations.
void estimate(std::vector<Job>& jobs, const std::vector<Arm>& arms,
              const std::vector<StudyRun>& runs, const Costs& costs);

/// The newest iteration in a run's metrics.jsonl; `fallback` where there is none yet.
int64_t iteration_reached(const std::string& directory, int64_t fallback);

/// Sets the states, and the reasons of failures, from what is on disk: finished (a result), failed
/// (failure.txt), stopped (a run that is neither), pending.
void look_at_states(std::vector<Job>& jobs);

/// The same, for whoever has not started them: runs in whose directory a process works are running.
void look_from_outside(std::vector<Job>& jobs);

}  // namespace denovo::study
