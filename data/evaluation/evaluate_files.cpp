#include "data/evaluation/evaluate_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/files/base_name.h"
#include "data/coco/results.h"

namespace denovo::data {
namespace {

ResultFields fields_for(const std::vector<IouType>& types) {
  if (types.empty()) return {.required = false};
  ResultFields fields{.boxes = false, .masks = false};
  for (const IouType type : types) (type == IouType::kBbox ? fields.boxes : fields.masks) = true;
  return fields;
}

std::vector<IouType> carried_types(const CocoResults& results) {
  std::vector<IouType> types;
  if (results.boxes().everywhere()) types.push_back(IouType::kBbox);
  if (results.masks().everywhere() && !results.detections().empty())
    types.push_back(IouType::kSegm);
  return types;
}

/// "found.json: result[2]: bbox is missing".
std::string missing_text(const std::string& path, int64_t result, std::string_view member) {
  return fmt::format("{}: result[{}]: {} is missing", base_name(path), result, member);
}

[[noreturn]] void refuse_mixture(const CocoResults& results, const std::string& path) {
  const MemberUse &boxes = results.boxes(), &masks = results.masks();
  if (masks.count == 0 && boxes.count > 0)
    throw IoError(missing_text(path, boxes.first_without, "bbox"));
  if (boxes.count == 0 && masks.count > 0)
    throw IoError(missing_text(path, masks.first_without, "segmentation"));
  throw IoError(
      fmt::format("{}, result[{}]: segmentation is missing; every result must have a bbox, or "
                  "every one a segmentation",
                  missing_text(path, boxes.first_without, "bbox"), masks.first_without));
}

/// Of a member that some of the results have and not all; what it would tell is not scored.
std::string partly_missing_text(const CocoResults& results, const std::string& path) {
  const bool masks = results.boxes().everywhere();
  const MemberUse& use = masks ? results.masks() : results.boxes();
  if (use.count == 0 || use.everywhere()) return "";
  return fmt::format("{}, {} of {} have one; {} are scored alone",
                     missing_text(path, use.first_without, masks ? "segmentation" : "bbox"),
                     use.count, results.detections().size(), masks ? "boxes" : "masks");
}

}  // namespace

std::vector<EvaluationResult> evaluate_files(const std::string& ground_truth_path,
                                             const std::string& results_path,
                                             std::vector<IouType> types,
                                             EvaluationOptions options) {
  const CocoResults found = read_results(results_path, fields_for(types));
  std::string warning;
  if (types.empty()) {
    types = carried_types(found);
    if (types.empty()) refuse_mixture(found, results_path);
    warning = partly_missing_text(found, results_path);
  }
  const bool masks = std::find(types.begin(), types.end(), IouType::kSegm) != types.end();
  const CocoDataset truth =
      read_coco(ground_truth_path, StructuralDefects::kCollect, part_for(masks));
  truth.require_well_formed();
  options.results_file = base_name(results_path);
  std::vector<EvaluationResult> results;
  for (const IouType type : types)
    results.push_back(evaluate_coco(truth, found.detections(), type, options));
  if (!warning.empty()) results.front().warnings.push_back(warning);
  return results;
}

}  // namespace denovo::data
