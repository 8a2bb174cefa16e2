// Reading runs in two steps: chunks are parsed in parallel while the file streams by, then ids are
// resolved and annotations grouped, because a file may list its images behind its annotations.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "core/files/base_name.h"
#include "data/coco/dataset.h"
#include "data/coco/dataset_chunk.h"
#include "data/coco/parse_json_lists.h"

namespace denovo::data {
namespace {

constexpr const char* kHint = "; check_data lists all defects";

/// Sorts by id and keeps the last item of each id; on_duplicate is called in file order.
template <typename Item, typename OnDuplicate>
void sort_by_id(std::vector<Item>& items, const OnDuplicate& on_duplicate) {
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.id < b.id; });
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size() && items[i].id == items[i + 1].id) {
      on_duplicate(items[i + 1]);
      continue;
    }
    if (kept != i) items[kept] = std::move(items[i]);
    ++kept;
  }
  items.resize(kept);
}

}  // namespace

class CocoReader {
 public:
  CocoReader(const std::string& path, ReadRules rules) : file_(base_name(path)), rules_(rules) {
    dataset_.path_ = path;
  }

  CocoDataset read() {
    try {
      parse_json_lists(
          dataset_.path_, kDatasetLists,
          [&](ChunkParser& parser, const JsonChunk& chunk) {
            return parse_dataset_chunk(parser, chunk, file_, rules_);
          },
          [&](const JsonChunk& chunk, DatasetChunk parsed) { append(chunk, std::move(parsed)); });
    } catch (const ItemError& error) {
      throw IoError(error.what() + std::string(kHint));
    }
    for (size_t i = 0; i < std::size(kDatasetLists); ++i)
      if (!seen_[i] && rules_.needs(kDatasetLists[i]))
        throw IoError(fmt::format("{}: the list {} is missing", file_, kDatasetLists[i]));
    finish_categories();
    finish_images();
    find_repeated_ids();
    group_annotations();
    compute_missing_areas();
    if (!rules_.part.masks) forget_masks();
    return std::move(dataset_);
  }

 private:
  void append(const JsonChunk& chunk, DatasetChunk parsed) {
    for (size_t i = 0; i < std::size(kDatasetLists); ++i)
      seen_[i] |= chunk.list == kDatasetLists[i];
    std::move(parsed.categories.begin(), parsed.categories.end(),
              std::back_inserter(dataset_.categories_));
    std::move(parsed.images.begin(), parsed.images.end(), std::back_inserter(dataset_.images_));
    std::move(parsed.defects.begin(), parsed.defects.end(), std::back_inserter(dataset_.defects_));
    if (!parsed.block) return;
    for (RawAnnotation& raw : parsed.annotations) {
      raw.slice.block = static_cast<uint32_t>(dataset_.blocks_.size());
      raw.keypoint_slice.begin += dataset_.keypoints_.size();
    }
    dataset_.keypoints_.insert(dataset_.keypoints_.end(), parsed.keypoints.begin(),
                               parsed.keypoints.end());
    dataset_.blocks_.push_back(std::move(parsed.block));
    num_annotations_ += parsed.annotations.size();
    raw_.push_back(std::move(parsed.annotations));
  }

  void report(DefectKind kind, int64_t id, std::string value) {
    Defect defect{kind, file_, id, std::move(value)};
    if (rules_.structural == StructuralDefects::kThrow) throw IoError(describe(defect) + kHint);
    dataset_.defects_.push_back(std::move(defect));
  }

  void finish_categories() {
    sort_by_id(dataset_.categories_, [&](const CocoCategory& category) {
      report(DefectKind::kDuplicateCategoryId, category.id,
             fmt::format("{} again, for {:?}", category.id, category.name));
    });
  }

  void finish_images() {
    sort_by_id(dataset_.images_, [&](const CocoImage& image) {
      report(DefectKind::kDuplicateImageId, image.id,
             fmt::format("{} again, for {:?}", image.id, image.file_name));
    });
    for (const CocoImage& image : dataset_.images_) dataset_.image_ids_.push_back(image.id);
  }

  template <typename Visit>
  void for_each_raw(const Visit& visit) {
    for (std::vector<RawAnnotation>& annotations : raw_)
      for (RawAnnotation& raw : annotations) visit(raw);
  }

  void find_repeated_ids() {
    std::vector<std::pair<int64_t, int64_t>> ids;  // id, place in the file
    ids.reserve(num_annotations_);
    for_each_raw([&](const RawAnnotation& raw) { ids.emplace_back(raw.id, ids.size()); });
    if (!std::is_sorted(ids.begin(), ids.end())) std::sort(ids.begin(), ids.end());
    for (size_t i = ids.size(); i-- > 0;) {
      if (i + 1 == ids.size() || ids[i].first != ids[i + 1].first) continue;
      const auto later = last_place_.find(ids[i + 1].second);
      last_place_[ids[i].second] = later == last_place_.end() ? ids[i + 1].second : later->second;
    }
    for (size_t i = 1; i < ids.size(); ++i)
      if (ids[i].first == ids[i - 1].first)
        report(DefectKind::kDuplicateAnnotationId, ids[i].first,
               fmt::format("{} again", ids[i].first));
  }

  /// Resolves ids, then a counting sort by image that keeps the file's order.
  void group_annotations() {
    std::vector<int64_t>& first = dataset_.first_annotation_;
    first.assign(dataset_.images_.size() + 1, 0);
#pragma omp parallel for schedule(dynamic)
    for (size_t chunk = 0; chunk < raw_.size(); ++chunk)
      for (RawAnnotation& raw : raw_[chunk]) {
        raw.image = dataset_.find_image(raw.image_id);
        raw.category = dataset_.find_category(raw.category_id);
      }
    for_each_raw([&](const RawAnnotation& raw) {
      if (raw.image < 0) report(DefectKind::kUnknownImage, raw.id, fmt::format("{}", raw.image_id));
      if (raw.category < 0)
        report(DefectKind::kUnknownCategory, raw.id, fmt::format("{}", raw.category_id));
      if (raw.category >= 0) check_keypoint_count(raw);
      if (raw.image >= 0 && raw.category >= 0) ++first[raw.image + 1];
    });
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<int64_t> next(first.begin(), first.end() - 1);
    dataset_.annotations_.resize(first.back());
    missing_area_.resize(first.back());
    std::map<int64_t, int> index_of_place;
    int64_t place = 0;
    for (std::vector<RawAnnotation>& annotations : raw_) {
      for (const RawAnnotation& raw : annotations) {
        const int64_t here = place++;
        if (raw.image < 0 || raw.category < 0) continue;
        const int64_t index = next[raw.image]++;
        dataset_.annotations_[index] = raw;
        missing_area_[index] = !raw.has_area;
        dataset_.num_computed_boxes_ += !raw.has_box;
        if (!last_place_.empty()) index_of_place[here] = static_cast<int>(index);
      }
      std::vector<RawAnnotation>().swap(annotations);
    }
    for (const auto& [earlier, last] : last_place_)
      if (index_of_place.contains(earlier))
        dataset_.replaced_.push_back(
            {index_of_place[earlier], index_of_place.contains(last) ? index_of_place[last] : -1});
  }

  void check_keypoint_count(const RawAnnotation& raw) {
    const CocoCategory& category = dataset_.categories_[static_cast<size_t>(raw.category)];
    const size_t expected = 3 * category.keypoints.size(), size = raw.keypoint_slice.size;
    if (size != 0 && size != expected)
      report(DefectKind::kKeypointCount, raw.id,
             fmt::format("{} numbers where category {} has {} keypoints", size, category.id,
                         category.keypoints.size()));
  }

  void compute_missing_areas() {
    for (size_t i = 0; i < missing_area_.size(); ++i) {
      if (!missing_area_[i]) continue;
      CocoAnnotation& annotation = dataset_.annotations_[i];
      ++dataset_.num_computed_areas_;
      annotation.area = mask_area(annotation).value_or(annotation.bbox[2] * annotation.bbox[3]);
    }
  }

  void forget_masks() {
    for (CocoAnnotation& annotation : dataset_.annotations_) {
      annotation.segmentation = SegmentationKind::kNone;
      annotation.slice = {};
    }
    dataset_.blocks_.clear();
  }

  /// nullopt without a mask, and for one that does not fit its image: whoever draws it says why.
  std::optional<double> mask_area(const CocoAnnotation& annotation) const {
    const bool has_mask = annotation.segmentation == SegmentationKind::kPolygons ||
                          annotation.segmentation == SegmentationKind::kRle;
    const CocoImage& image = dataset_.images_[annotation.image];
    if (!has_mask || image.width <= 0 || image.height <= 0) return std::nullopt;
    try {
      return static_cast<double>(rle_area(dataset_.mask(annotation)));
    } catch (const IoError&) {
      return std::nullopt;
    }
  }

  const std::string file_;
  const ReadRules rules_;
  CocoDataset dataset_;
  bool seen_[std::size(kDatasetLists)] = {};
  std::vector<std::vector<RawAnnotation>> raw_;
  size_t num_annotations_ = 0;
  std::map<int64_t, int64_t> last_place_;  // of a repeated annotation: where its id stands last
  std::vector<bool> missing_area_;
};

void CocoDataset::require_well_formed() const {
  const auto malformed = std::find_if(defects_.begin(), defects_.end(), [](const Defect& defect) {
    return defect.kind == DefectKind::kMalformed;
  });
  if (malformed != defects_.end()) throw IoError(describe(*malformed) + kHint);
}

CocoDataset read_coco(const std::string& path, StructuralDefects structural, DatasetPart part) {
  return CocoReader(path, {structural, part}).read();
}

}  // namespace denovo::data
