// What a resumed run may find changed in its data.
//
//   classes of the training set                    refused, always: rows of the model would change
//                                                  their meaning
//   images, annotations of the training set;       refused unless data.allow_changes
//   anything in the validation set, or having one
//   paths, layout and order of the files           nothing: they are not in a fingerprint
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/coco/fingerprint.h"
#include "data/coco/match_categories.h"
#include "nn/training/checkpoint.h"

namespace denovo::detection {

/// The data sets of a run.
struct DataFingerprints {
  data::Fingerprint train;
  std::optional<data::Fingerprint> validation;  // where there is one

  bool operator==(const DataFingerprints&) const = default;
};

/// As a checkpoint keeps them, and back; nullopt for one of an earlier version, which has none.
/// Throws IoError when they cannot be read.
Metadata to_metadata(const DataFingerprints& fingerprints);
std::optional<DataFingerprints> fingerprints_of(const Metadata& metadata);

/// The data of a run today.
struct RunData {
  data::CategoryList classes;   // of the training set
  std::string validation_path;  // empty: none
  DataFingerprints fingerprints;
};

/// Throws IoError, naming what changed, where a model file's classes are not those of today.
void require_same_classes(const nn::Checkpoint& checkpoint, const data::CategoryList& now);

/// Compares the data with those of a checkpoint, the classes with those that its model file names.
/// Returns lines for the log: what changed, or that an earlier version left no fingerprints to
/// compare with. A best AP on another validation set is forgotten. Throws IoError, naming the files
/// and what changed, for what is refused.
std::vector<std::string> accept_data(nn::Checkpoint& checkpoint, const RunData& now,
                                     bool allow_changes);

}  // namespace denovo::detection
