// The random evaluation cases of tests/oracles/keypoint_cases.py, drawn by the same formula.
#pragma once

#include <string>
#include <vector>

#include "data/coco/detection.h"

namespace denovo::testing {

struct KeypointCase {
  std::string ground_truth;  // text of a COCO file
  std::vector<data::Detection> detections;
  std::vector<std::vector<double>> keypoints;  // of the detections
  std::vector<double> sigmas;                  // empty: COCO's
};

KeypointCase draw_keypoint_case(int index);

}  // namespace denovo::testing
