#include "data/evaluation/evaluate_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/coco/json_lists.h"
#include "data/coco/results.h"

namespace denovo::data {
namespace {

ResultFields fields_for(const std::vector<IouType>& types) {
  if (types.empty()) return {.required = false};
  ResultFields fields{.boxes = false, .masks = false};
  for (const IouType type : types) (type == IouType::kBbox ? fields.boxes : fields.masks) = true;
  return fields;
}

std::vector<IouType> carried_types(const CocoResults& results, const std::string& path) {
  std::vector<IouType> types;
  if (results.have_boxes()) types.push_back(IouType::kBbox);
  if (results.have_masks() && !results.detections().empty()) types.push_back(IouType::kSegm);
  if (types.empty())
    throw IoError(fmt::format("{}: every result must have a bbox, or every one a segmentation",
                              base_name(path)));
  return types;
}

}  // namespace

std::vector<EvaluationResult> evaluate_files(const std::string& ground_truth_path,
                                             const std::string& results_path,
                                             std::vector<IouType> types,
                                             EvaluationOptions options) {
  const CocoResults found = read_results(results_path, fields_for(types));
  if (types.empty()) types = carried_types(found, results_path);
  const bool masks = std::find(types.begin(), types.end(), IouType::kSegm) != types.end();
  const CocoDataset truth =
      read_coco(ground_truth_path, StructuralDefects::kCollect, part_for(masks));
  truth.require_well_formed();
  options.results_file = base_name(results_path);
  std::vector<EvaluationResult> results;
  for (const IouType type : types)
    results.push_back(evaluate_coco(truth, found.detections(), type, options));
  return results;
}

}  // namespace denovo::data
