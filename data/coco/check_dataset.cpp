#include "data/coco/check_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files/base_name.h"
#include "core/files/json_writer.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/coco/match_categories.h"
#include "data/coco/training_refusal.h"

namespace denovo::data {
namespace {

constexpr int kMaxLines = 10;  // of one class and member

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

/// Images are not said to lack annotations that were left out because they are malformed.
bool lists_all_annotations(const CheckReport& report) {
  return report.count(DefectKind::kMalformed) == 0;
}

class Checker {
 public:
  Checker(const ImageFiles& files, const CheckOptions& options)
      : files_(files), dataset_(files.dataset()), file_(base_name(dataset_.path())) {
    report_.filter = options.training;
    report_.skips_bad_images = options.skip_bad_images;
  }

  CheckReport run() {
    report_.num_images = static_cast<int64_t>(dataset_.images().size());
    report_.num_annotations = static_cast<int64_t>(dataset_.annotations().size());
    report_.has_masks = has_segmentations(dataset_);
    report_.view = judge_dataset(dataset_, report_.filter);
    report_.defects.assign(dataset_.defects().begin(), dataset_.defects().end());
    check_annotations();
    check_images();
    check_repeats(
        dataset_.images(), [](const CocoImage& i) { return std::string_view(i.file_name); },
        DefectKind::kDuplicateFileName, "", report_.defects);
    check_repeats(
        dataset_.categories(), [](const CocoCategory& c) { return std::string_view(c.name); },
        DefectKind::kDuplicateCategoryName, file_, report_.defects);
    for (const CocoCategory& category : dataset_.categories()) check_category(category);
    report_.refusal = refusal();
    return std::move(report_);
  }

 private:
  void append(std::vector<std::vector<Defect>>& parts) {
    for (std::vector<Defect>& part : parts)
      std::move(part.begin(), part.end(), std::back_inserter(report_.defects));
  }

  void check_annotations() {
    // In a file without any, one sentence says so.
    const bool masks = report_.filter.masks && report_.has_masks;
    std::vector<std::vector<Defect>> found(dataset_.images().size());
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < found.size(); ++i)
      for (const CocoAnnotation& annotation : dataset_.annotations_of(static_cast<int>(i))) {
        judge_instance(dataset_, annotation, masks, found[i]);
        find_remarks(dataset_, annotation, masks, found[i]);
      }
    append(found);
  }

  void check_category(const CocoCategory& category) {
    const auto report = [&](DefectKind kind, std::string value) {
      report_.defects.push_back({kind, file_, category.id, std::move(value)});
    };
    if (category.name.empty())
      report(DefectKind::kNamelessCategory, "none, so that other files know it by its id alone");
    if (const std::vector<std::string> unpaired = unpaired_keypoints(category.keypoints);
        !unpaired.empty())
      report(DefectKind::kUnpairedKeypoint, fmt::format("{} alone", few_of(unpaired)));
    const auto known = [&](int k) { return k >= 1 && k <= std::ssize(category.keypoints); };
    for (const auto& [from, to] : category.skeleton)
      if (!known(from) || !known(to))
        return report(DefectKind::kSkeleton,
                      fmt::format("{} to {} of {} keypoints", from, to, category.keypoints.size()));
  }

  /// The JSON is named where an image has no file name that is good for one.
  void report(int image, DefectKind kind, std::string value) {
    const CocoImage& entry = dataset_.images()[image];
    const bool unnamed = entry.file_name.empty() || kind == DefectKind::kBadFileName;
    const std::string file(unnamed ? file_ : base_name(entry.file_name));
    report_.defects.push_back({kind, file, entry.id, std::move(value)});
  }

  void check_images() {
    const std::vector<int> images = first_images(dataset_);
    if (lists_all_annotations(report_))
      for (const int image : images)
        if (dataset_.annotations_of(image).empty())
          report(image, DefectKind::kNoAnnotations, "none");
    const std::vector<int>& used = report_.view.images;
    std::vector<ImageFault> at_start, later;
    for (ImageFault& fault : files_.look(images, Look::kPixels)) {
      const bool trains = std::binary_search(used.begin(), used.end(), fault.image);
      // What is missing in the JSON the reader has said.
      const CocoImage& entry = dataset_.images()[fault.image];
      if (entry.complete || (!entry.file_name.empty() && fault.kind != DefectKind::kSizeMismatch))
        report(fault.image, trains ? fault.kind : DefectKind::kUnusedImage,
               trains ? fault.value
                      : "training does not use it; its file has a fault: " + fault.sentence);
      if (trains) (fault.in_pixels ? later : at_start).push_back(std::move(fault));
    }
    image_refusal_ = reason_to_refuse(at_start, used.size(), report_.skips_bad_images);
    report_.end = reason_to_refuse(later, used.size() - at_start.size(), report_.skips_bad_images);
  }

  /// In the order in which training meets them: the structure, the instances, the files.
  std::string refusal() const {
    if (!dataset_.defects().empty()) return describe(dataset_.defects().front());
    return report_.view.refusal.empty() ? image_refusal_ : report_.view.refusal;
  }

  const ImageFiles& files_;
  const CocoDataset& dataset_;
  const std::string file_;
  std::string image_refusal_;  // what training would say of its images before it starts
  CheckReport report_;
};

const char* severity_name(DefectKind kind, const CheckReport& report) {
  if (is_of_image_file(kind) && report.skips_bad_images) return "skipped";
  switch (severity(kind)) {
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
  for (int kind = 0; kind < kNumDefectKinds; ++kind)
    if (const int64_t count = report.count(static_cast<DefectKind>(kind)))
      visit(static_cast<DefectKind>(kind), count);
}

/// What training would do with what it does not use whole.
std::string outcome_lines(const CheckReport& report) {
  const TrainingView& view = report.view;
  std::string text;
  if (view.num_dropped > 0)
    text += fmt::format("{} of {} instances are degenerate; {} (data.max_bad_fraction)\n",
                        view.num_dropped, view.num_instances(),
                        bad_fraction_rule(report.filter.max_bad_fraction));
  if (view.num_difficult > 0)
    text += fmt::format("{} objects are difficult (PASCAL VOC): left out\n", view.num_difficult);
  if (view.num_box_only > 0 && view.num_box_only < std::ssize(view.instances))
    text += fmt::format("{} instances have no segmentation and train their box alone\n",
                        view.num_box_only);
  if (view.num_empty_images > 0 && lists_all_annotations(report))
    text += fmt::format(
        "{} images have no annotations and {} (data.keep_empty_images={})\n", view.num_empty_images,
        view.keeps_empty_images ? "train as negatives" : "are left out", view.keeps_empty_images);
  if (view.num_unposed_images > 0)
    text += fmt::format("{} images have {} instances, but no labelled keypoint: left out\n",
                        view.num_unposed_images, view.num_unposed);
  if (view.num_unusable_images > 0)
    text += fmt::format("{} images have annotations, but no instance to train on: left out\n",
                        view.num_unusable_images);
  if (!report.refusal.empty())
    return text + fmt::format("training would refuse these data: {}\n", report.refusal);
  text +=
      fmt::format("training would start and leave out {} degenerate instances\n", view.num_dropped);
  if (!report.end.empty())
    text += fmt::format("training would end when it meets a damaged image: {}\n", report.end);
  return text;
}

}  // namespace

int64_t CheckReport::count(DefectKind kind) const {
  return std::count_if(defects.begin(), defects.end(),
                       [&](const Defect& defect) { return defect.kind == kind; });
}

CheckReport check_dataset(const ImageFiles& files, const CheckOptions& options) {
  const auto images = files.dataset().images();
  const bool absolute = std::all_of(images.begin(), images.end(), [](const CocoImage& image) {
    return image.file_name.starts_with('/');
  });
  if (!absolute && !std::filesystem::is_directory(files.folder()))
    throw IoError(fmt::format("{}: must be a folder of images", files.folder()));
  return Checker(files, options).run();
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
  std::string text =
      fmt::format("{} images, {} annotations, {} instances that are not crowds{}{}\n",
                  report.num_images, report.num_annotations, report.num_instances(),
                  report.has_masks || !report.filter.masks ? "" : "; no segmentation",
                  report.filter.masks               ? ""
                  : report.filter.num_keypoints > 0 ? "; boxes and keypoints"
                                                    : "; boxes only (model.mask.enabled=false)");
  for_each_kind(report, [&](DefectKind kind, int64_t count) {
    text +=
        fmt::format("{:>8}  {:<24} {}\n", severity_name(kind, report), defect_name(kind), count);
  });
  return text + outcome_lines(report);
}

std::string report_json(const CheckReport& report) {
  JsonWriter json;
  json.begin_object().field("images", report.num_images);
  json.field("annotations", report.num_annotations);
  json.field("instances", report.num_instances());
  json.field("dropped", report.view.num_dropped).field("box_only", report.view.num_box_only);
  json.field("unposed_images", report.view.num_unposed_images);
  json.field("empty_images", report.view.num_empty_images).field("has_masks", report.has_masks);
  json.field("trainable", report.trainable())
      .field("refusal", report.refusal)
      .field("end", report.end);
  json.key("counts").begin_object();
  for_each_kind(report,
                [&](DefectKind kind, int64_t count) { json.field(defect_name(kind), count); });
  json.end_object().key("defects").begin_array();
  for (const Defect& defect : report.defects)
    json.begin_object()
        .field("class", defect_name(defect.kind))
        .field("severity", severity_name(defect.kind, report))
        .field("file", defect.file)
        .field("id", defect.id)
        .field("value", defect.value)
        .end_object();
  return json.end_array().end_object().text();
}

}  // namespace denovo::data
