// Checkpoints: directories that appear by one atomic rename and are verified when read.
//
//   NAME/model.safetensors      weights and buffers; metadata carries what the weights mean
//   NAME/optimizer.safetensors  what updates depend on besides (Trainable::state_dict)
//   NAME/state.json             iteration, best result, what the task keeps, sizes and
//                               checksums of the other two
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace denovo::nn {

/// What a resumed run needs besides tensors; everything else is a function of the configuration.
struct TrainingState {
  int64_t iteration = 0;  // updates done
  int64_t images_seen = 0, instances_seen = 0, pixels_seen = 0;
  double best_score = -1;  // of the evaluations, -1: none yet
  int64_t best_iteration = -1;
  int64_t evaluated_iteration = -1;  // of the last complete evaluation
  int64_t evaluations_since_best = 0;
  std::string ended;  // why the run went no further (end_of_run); empty: it has more to do
  // Sums of the losses since the last line of metrics, so that a resumed run writes the same lines.
  std::vector<std::pair<std::string, double>> window;
  int64_t window_count = 0;
  std::string config;  // resolved configuration, TOML
  int threads = 0;     // part of what the bits of a CPU run depend on
  std::string device;
  Metadata task = {};  // what the task keeps by name
};

struct Checkpoint {
  NamedTensors model, optimizer;
  Metadata model_metadata;
  TrainingState state;
};

/// Writes directory/name. Throws ResourceError (disk full, read-only) and leaves what was there.
void save_checkpoint(const std::string& directory, const std::string& name,
                     const Checkpoint& checkpoint);

/// Reads and verifies one checkpoint. Throws IoError naming the file and what is wrong with it.
Checkpoint load_checkpoint(const std::string& path);

/// The state alone, without a look at the tensors. Throws IoError as above.
TrainingState load_training_state(const std::string& path);

/// "iter_0001200": sorts by iteration.
std::string checkpoint_name(int64_t iteration);

/// Names in the directory by ascending iteration; unfinished ones (dotted) and links left out.
std::vector<std::string> list_checkpoints(const std::string& directory);

}  // namespace denovo::nn
