#include "data/evaluation/evaluate_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/files/base_name.h"
#include "data/coco/results.h"

namespace denovo::data {
namespace {

/// What a type is scored on, as results files call it and as people do.
struct Member {
  IouType type;
  std::string_view key, noun;
  const MemberUse& (CocoResults::*use)() const;
};
constexpr Member kMembers[] = {
    {IouType::kBbox, "bbox", "boxes", &CocoResults::boxes},
    {IouType::kSegm, "segmentation", "masks", &CocoResults::masks},
    {IouType::kKeypoints, "keypoints", "keypoints", &CocoResults::keypoints}};

bool contains(const std::vector<IouType>& types, IouType type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

ResultFields fields_for(const std::vector<IouType>& types) {
  const bool any = types.empty();
  return {.boxes = any || contains(types, IouType::kBbox),
          .masks = any || contains(types, IouType::kSegm),
          .keypoints = any || contains(types, IouType::kKeypoints),
          .required = !any};
}

std::vector<IouType> carried_types(const CocoResults& results) {
  if (results.detections().empty()) return {IouType::kBbox};
  std::vector<IouType> types;
  for (const Member& member : kMembers)
    if ((results.*member.use)().everywhere()) types.push_back(member.type);
  return types;
}

/// "found.json: result[2]: bbox is missing".
std::string missing_text(const std::string& path, int64_t result, std::string_view key) {
  return fmt::format("{}: result[{}]: {} is missing", base_name(path), result, key);
}

[[noreturn]] void refuse_mixture(const CocoResults& results, const std::string& path) {
  std::vector<const Member*> some;
  for (const Member& member : kMembers)
    if ((results.*member.use)().count > 0) some.push_back(&member);
  if (some.size() == 1)
    throw IoError(
        missing_text(path, (results.*some.front()->use)().first_without, some.front()->key));
  throw IoError(fmt::format(
      "{}, result[{}]: segmentation is missing; every result must have a bbox, or "
      "every one a segmentation, or every one keypoints",
      missing_text(path, results.boxes().first_without, "bbox"), results.masks().first_without));
}

/// Of the first member that some of the results have and not all; what it would tell is not scored.
std::string partly_missing_text(const CocoResults& results, const std::string& path) {
  std::vector<std::string_view> scored;
  for (const Member& member : kMembers)
    if ((results.*member.use)().everywhere()) scored.push_back(member.noun);
  for (const Member& member : kMembers) {
    const MemberUse& use = (results.*member.use)();
    if (use.count == 0 || use.everywhere()) continue;
    return fmt::format("{}, {} of {} have one; {} are scored alone",
                       missing_text(path, use.first_without, member.key), use.count,
                       results.detections().size(), fmt::join(scored, " and "));
  }
  return "";
}

}  // namespace

EvaluationReport evaluate_files(const std::string& ground_truth_path,
                                const std::string& results_path, std::vector<IouType> types,
                                EvaluationOptions options, VocRule voc) {
  const CocoResults found = read_results(results_path, fields_for(types));
  std::string warning;
  if (types.empty()) {
    types = carried_types(found);
    if (types.empty()) refuse_mixture(found, results_path);
    warning = partly_missing_text(found, results_path);
    if (voc != VocRule::kNone && !contains(types, IouType::kBbox))
      throw IoError(missing_text(results_path, found.boxes().first_without, "bbox"));
  }
  const CocoDataset truth =
      read_coco(ground_truth_path, StructuralDefects::kCollect,
                part_for(contains(types, IouType::kSegm), contains(types, IouType::kKeypoints)));
  truth.require_well_formed();
  options.results_file = base_name(results_path);
  EvaluationReport report;
  for (const IouType type : types)
    report.coco.push_back(evaluate_coco(truth, found.detections(), type, options));
  if (voc != VocRule::kNone) report.voc = evaluate_voc(truth, found.detections(), voc, options);
  if (!warning.empty()) report.coco.front().warnings.push_back(warning);
  return report;
}

}  // namespace denovo::data
