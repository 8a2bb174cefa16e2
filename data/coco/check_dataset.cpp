#include "data/coco/check_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files/json_writer.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/json_lists.h"

namespace denovo::data {
namespace {

constexpr double kMaxDroppedFraction = 0.01;
constexpr int kMaxLines = 10;  // of one class and member
constexpr auto kLastKind = DefectKind::kDuplicateCategoryName;

/// Reports every item whose key an earlier one has; a missing key is no repetition.
template <typename Items, typename Key>
void check_repeats(const Items& items, const Key& key, DefectKind kind,
                   const std::string& file_of_all, std::vector<Defect>& defects) {
  std::map<std::string_view, int64_t> first;
  for (const auto& item : items) {
    if (key(item).empty()) continue;
    const auto [found, inserted] = first.try_emplace(key(item), item.id);
    if (inserted) continue;
    const std::string file = file_of_all.empty() ? std::string(base_name(key(item))) : file_of_all;
    defects.push_back(
        {kind, file, item.id,
         fmt::format("{:?}, which {} {} has too", key(item), defect_item(kind), found->second)});
  }
}

class Checker {
 public:
  explicit Checker(const ImageFiles& files)
      : files_(files), dataset_(files.dataset()), file_(base_name(dataset_.path())) {}

  CheckReport run() {
    report_.num_images = static_cast<int64_t>(dataset_.images().size());
    report_.num_annotations = static_cast<int64_t>(dataset_.annotations().size());
    report_.has_masks = has_segmentations(dataset_);
    report_.defects.assign(dataset_.defects().begin(), dataset_.defects().end());
    check_annotations();
    check_images();
    check_repeats(
        dataset_.images(), [](const CocoImage& i) { return std::string_view(i.file_name); },
        DefectKind::kDuplicateFileName, "", report_.defects);
    check_repeats(
        dataset_.categories(), [](const CocoCategory& c) { return std::string_view(c.name); },
        DefectKind::kDuplicateCategoryName, file_, report_.defects);
    report_.refusal = reason_to_refuse();
    return std::move(report_);
  }

 private:
  void append(std::vector<std::vector<Defect>>& parts) {
    for (std::vector<Defect>& part : parts)
      std::move(part.begin(), part.end(), std::back_inserter(report_.defects));
  }

  void check_annotations() {
    std::vector<std::vector<Defect>> found(dataset_.images().size());
    int64_t num_instances = 0, num_dropped = 0;
#pragma omp parallel for schedule(dynamic, 16) reduction(+ : num_instances, num_dropped)
    for (size_t i = 0; i < found.size(); ++i)
      for (const CocoAnnotation& annotation : dataset_.annotations_of(static_cast<int>(i))) {
        const size_t before = found[i].size();
        find_annotation_defects(dataset_, annotation, {.segmentation = report_.has_masks},
                                found[i]);
        if (annotation.crowd) continue;
        ++num_instances;
        num_dropped +=
            std::any_of(found[i].begin() + before, found[i].end(),
                        [](const Defect& defect) { return drops_instance(defect.kind); });
      }
    report_.num_instances = num_instances;
    report_.num_dropped = num_dropped;
    append(found);
  }

  /// Images are not said to lack annotations that were left out because they are malformed.
  bool lists_all_annotations() const {
    return report_.count(DefectKind::kMalformed) == 0;
  }

  /// The JSON is named where an image has no file name that is good for one.
  void check_images() {
    std::vector<std::vector<Defect>> found(dataset_.images().size());
    const auto report = [&](int image, DefectKind kind, std::string value) {
      const CocoImage& entry = dataset_.images()[image];
      const bool unnamed = entry.file_name.empty() || kind == DefectKind::kBadFileName;
      const std::string file(unnamed ? file_ : base_name(entry.file_name));
      found[image].push_back({kind, file, entry.id, std::move(value)});
    };
    const std::vector<int> images = first_images(dataset_);
    const bool all_annotations = lists_all_annotations();
    for (const int image : images)
      if (all_annotations && dataset_.annotations_of(image).empty())
        report(image, DefectKind::kNoAnnotations, "none");
    for (ImageFault& fault : files_.look(images, Look::kPixels)) {
      const CocoImage& entry = dataset_.images()[fault.image];
      // What is missing in the JSON the reader has said.
      const bool said =
          !entry.complete && (entry.file_name.empty() || fault.kind == DefectKind::kSizeMismatch);
      if (!said) report(fault.image, fault.kind, std::move(fault.value));
    }
    append(found);
  }

  std::string reason_to_refuse() const {
    const auto fatal = std::count_if(
        report_.defects.begin(), report_.defects.end(),
        [](const Defect& defect) { return severity(defect.kind) == Severity::kFatal; });
    if (fatal > 0) return fmt::format("{} fatal defects", fatal);
    if (static_cast<double>(report_.num_dropped) >
        kMaxDroppedFraction * static_cast<double>(report_.num_instances))
      return fmt::format("{} of {} instances are degenerate, more than {} %", report_.num_dropped,
                         report_.num_instances, 100 * kMaxDroppedFraction);
    if (report_.num_instances == 0) return "there is no instance to train on";
    return "";
  }

  const ImageFiles& files_;
  const CocoDataset& dataset_;
  const std::string file_;
  CheckReport report_;
};

const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::kFatal:
      return "fatal";
    case Severity::kDropped:
      return "dropped";
    default:
      return "warning";
  }
}

/// Calls visit(kind, count) for the classes that occur.
template <typename Visit>
void for_each_kind(const CheckReport& report, const Visit& visit) {
  for (int kind = 0; kind <= static_cast<int>(kLastKind); ++kind)
    if (const int64_t count = report.count(static_cast<DefectKind>(kind)))
      visit(static_cast<DefectKind>(kind), count);
}

}  // namespace

int64_t CheckReport::count(DefectKind kind) const {
  return std::count_if(defects.begin(), defects.end(),
                       [&](const Defect& defect) { return defect.kind == kind; });
}

CheckReport check_dataset(const ImageFiles& files) {
  if (!std::filesystem::is_directory(files.folder()))
    throw IoError(fmt::format("{}: must be a folder of images", files.folder()));
  return Checker(files).run();
}

std::string defect_lines(const CheckReport& report) {
  std::string text;
  std::map<std::pair<DefectKind, std::string_view>, int64_t> counts;
  for (const Defect& defect : report.defects)
    if (++counts[{defect.kind, defect.member}] <= kMaxLines)
      text += fmt::format("{}: {}\n", defect_name(defect.kind), describe(defect));
  for (const auto& [of, count] : counts)
    if (count > kMaxLines)
      text += fmt::format("{}: … and {} more{}{}\n", defect_name(of.first), count - kMaxLines,
                          of.second.empty() ? "" : " of ", of.second);
  return text;
}

std::string summary_lines(const CheckReport& report) {
  std::string text = fmt::format("{} images, {} annotations, {} instances that are not crowds{}\n",
                                 report.num_images, report.num_annotations, report.num_instances,
                                 report.has_masks ? "" : "; no segmentation, boxes only");
  for_each_kind(report, [&](DefectKind kind, int64_t count) {
    text +=
        fmt::format("{:>8}  {:<24} {}\n", severity_name(severity(kind)), defect_name(kind), count);
  });
  if (report.refusal.empty())
    text += fmt::format("training would start and leave out {} degenerate instances\n",
                        report.num_dropped);
  else
    text += fmt::format("training would refuse these data: {}\n", report.refusal);
  return text;
}

std::string report_json(const CheckReport& report) {
  JsonWriter json;
  json.begin_object().field("images", report.num_images);
  json.field("annotations", report.num_annotations).field("instances", report.num_instances);
  json.field("dropped", report.num_dropped).field("has_masks", report.has_masks);
  json.field("trainable", report.refusal.empty()).field("refusal", report.refusal);
  json.key("counts").begin_object();
  for_each_kind(report,
                [&](DefectKind kind, int64_t count) { json.field(defect_name(kind), count); });
  json.end_object().key("defects").begin_array();
  for (const Defect& defect : report.defects)
    json.begin_object()
        .field("class", defect_name(defect.kind))
        .field("severity", severity_name(severity(defect.kind)))
        .field("file", defect.file)
        .field("id", defect.id)
        .field("value", defect.value)
        .end_object();
  return json.end_array().end_object().text();
}

}  // namespace denovo::data
