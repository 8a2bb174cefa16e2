// What a step is made of, in files: the input of the test that plans its convolutions for GPUs, and
// of scripts/step_model.py, which estimates it there.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace denovo::bench {

/// Notes the different convolutions, and the ops of the last update, that run while it lives; with
/// an empty path, none.
class StepLists {
 public:
  StepLists(std::string convolutions_path, std::string ops_path);
  ~StepLists();
  StepLists(const StepLists&) = delete;
  StepLists& operator=(const StepLists&) = delete;

  /// Forgets the ops noted so far: called where the update begins that is to be listed.
  void begin_update() { ops_.clear(); }

  /// Convolutions: one a line (ops::key_line), sorted. Ops: in their order, layer group, name,
  /// inputs and outputs, separated by tabs, a tensor as dtype[shape]; behind an input "*" when it
  /// is a parameter, "+" when its gradient is wanted otherwise. Throws ResourceError.
  void write() const;

 private:
  std::string convolutions_path_, ops_path_;
  std::set<std::string> convolutions_;
  std::vector<std::string> ops_;
};

}  // namespace denovo::bench
