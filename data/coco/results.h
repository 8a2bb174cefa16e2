// COCO results files: a list of {image_id, category_id, score, bbox, segmentation or keypoints}.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/json_writer.h"
#include "data/coco/detection.h"

namespace denovo::data {

/// What the caller is going to use; the rest is only checked for its syntax.
struct ResultFields {
  bool boxes = true;
  bool masks = true;
  bool keypoints = false;
  bool required = true;  // reading: a detection without such a member is an error
};

struct MemberUse {
  int64_t count = 0;
  int64_t first_without = -1;  // -1: every detection has it

  bool everywhere() const { return first_without < 0; }
};

/// Detections in file order with the storage of their masks and keypoints.
class CocoResults {
 public:
  std::span<const Detection> detections() const { return detections_; }
  /// How many detections have the member (of those that were read), and the first that lacks it.
  const MemberUse& boxes() const { return boxes_; }
  const MemberUse& masks() const { return masks_; }
  const MemberUse& keypoints() const { return keypoints_; }

 private:
  friend class ResultsReader;
  std::vector<Detection> detections_;
  MemberUse boxes_, masks_, keypoints_;
  std::vector<std::unique_ptr<std::vector<uint32_t>>> counts_;
  std::vector<std::unique_ptr<std::vector<double>>> keypoint_numbers_;
};

/// Reads a results file with all threads. Compressed and uncompressed run lengths are accepted; a
/// segmentation that is {}, [] or "" is none, and so are keypoints that are [].
/// Throws IoError, naming file, position in the list, rule and value: text that is not such a list,
/// a missing image_id, category_id or score, a missing member among those asked for, and run
/// lengths that contradict their size.
CocoResults read_results(const std::string& path, ResultFields fields = {});

/// Adds a detection to a list of results, behind its image_id that image's file_name unless it is
/// empty. Throws IoError, naming the index, on a number that is not finite.
void put_result(const Detection& detection, size_t index, ResultFields fields, JsonWriter& json,
                std::string_view file_name = {});

/// The text of a results file, detections in the given order, numbers in their shortest form that
/// reads back equal. Throws IoError on a number that is not finite.
std::string results_text(std::span<const Detection> detections, ResultFields fields = {});

/// results_text as a file that appears whole or not at all (ResourceError).
void write_results(const std::string& path, std::span<const Detection> detections,
                   ResultFields fields = {});

}  // namespace denovo::data
