#include "data/coco/dataset_chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "data/coco/json_members.h"
#include "data/coco/keypoint_parser.h"
#include "data/coco/keypoints.h"
#include "data/coco/segmentation_parser.h"

namespace denovo::data {
namespace {

void take_id(JsonItem& item, int64_t& id, std::string_view key, JsonValue value) {
  id = read_id(item, key, value);
  item.id = id;
  item.has_id = true;
}

CocoCategory parse_category(JsonItem& item, JsonValue element, DatasetPart part) {
  static constexpr std::string_view kKeys[] = {"id", "name", "keypoints", "skeleton"};
  CocoCategory category;
  const SeenKeys seen =
      read_members(item, element, kKeys, [&](int bit, std::string_view key, JsonValue value) {
        if (bit == 0) take_id(item, category.id, key, value);
        if (bit == 1) category.name = read_string(item, key, value);
        if (bit > 1 && !part.keypoints) return read_over(value);
        if (bit == 2) category.keypoints = parse_keypoint_names(item, key, value);
        if (bit == 3) category.skeleton = parse_skeleton(item, key, value);
      });
  seen.require(item, kKeys[0], 0);
  return category;
}

CocoImage parse_image(JsonItem& item, JsonValue element, ReadRules rules,
                      std::vector<Defect>& defects) {
  static constexpr std::string_view kKeys[] = {"id", "file_name", "width", "height"};
  constexpr int kMaxSide = std::numeric_limits<int>::max();
  CocoImage image;
  const SeenKeys seen =
      read_members(item, element, kKeys, [&](int bit, std::string_view key, JsonValue value) {
        if (bit == 0) take_id(item, image.id, key, value);
        if (bit == 1) image.file_name = read_string(item, key, value);
        if (bit == 2) image.width = static_cast<int>(read_integer(item, key, value, 0, kMaxSide));
        if (bit == 3) image.height = static_cast<int>(read_integer(item, key, value, 0, kMaxSide));
      });
  seen.require(item, kKeys[0], 0);
  for (int bit = 1; bit < 4; ++bit) {
    if (seen.has(bit)) continue;
    const bool of_size = bit > 1;
    if (!of_size || rules.part.annotations) {
      if (rules.structural == StructuralDefects::kThrow) seen.require(item, kKeys[bit], bit);
      defects.push_back({DefectKind::kMissingMember, std::string(item.file), image.id,
                         fmt::format("{}: {} is missing", item.name(), kKeys[bit]),
                         std::string(kKeys[bit])});
    }
    image.complete = false;
    image.has_size &= !of_size;
  }
  image.complete &= item.refused == 0;
  image.has_size &= (item.refused >> 2 & 3) == 0;
  return image;
}

// Bits of an annotation.
enum {
  kId,
  kImage,
  kCategory,
  kBox,
  kArea,
  kCrowd,
  kSegmentation,
  kKeypoints,
  kNumKeypoints,
  kDifficult
};

RawAnnotation parse_annotation(JsonItem& item, JsonValue element, DatasetPart part,
                               CocoDataset::SegmentationBlock& block,
                               std::vector<double>& keypoints) {
  static constexpr std::string_view kKeys[] = {
      "id",      "image_id",     "category_id", "bbox",          "area",
      "iscrowd", "segmentation", "keypoints",   "num_keypoints", "difficult"};
  RawAnnotation raw;
  raw.keypoint_slice.begin = keypoints.size();
  const SeenKeys seen =
      read_members(item, element, kKeys, [&](int bit, std::string_view key, JsonValue value) {
        switch (bit) {
          case kId:
            take_id(item, raw.id, key, value);
            break;
          case kImage:
            raw.image_id = read_id(item, key, value);
            break;
          case kCategory:
            raw.category_id = read_id(item, key, value);
            break;
          case kBox:
            read_numbers(item, key, value, raw.bbox.data(), 4);
            break;
          case kArea:
            raw.area = read_number(item, key, value);
            break;
          case kCrowd:
            raw.crowd = read_flag(item, key, value);
            break;
          case kDifficult:
            raw.difficult = read_flag(item, key, value);
            break;
          case kSegmentation:
            raw.segmentation = parse_segmentation(item, value, block, raw.slice);
            break;
          case kKeypoints:
            if (part.keypoints)
              raw.keypoint_slice.size = parse_keypoints(item, key, value, keypoints);
            else
              read_over(value);
            break;
          default:
            if (part.keypoints)
              raw.num_keypoints =
                  read_integer(item, key, value, 0, std::numeric_limits<int>::max());
            else
              read_over(value);
        }
      });
  for (const int bit : {kId, kImage, kCategory}) seen.require(item, kKeys[bit], bit);
  raw.has_area = seen.has(kArea);
  raw.has_box = seen.has(kBox);
  if (!seen.has(kNumKeypoints))
    raw.num_keypoints = count_labelled(
        std::span(keypoints).subspan(raw.keypoint_slice.begin, raw.keypoint_slice.size));
  if (raw.has_box) return raw;
  if (const auto box = box_of_segmentation(raw.segmentation, block, raw.slice))
    raw.bbox = *box;
  else if (!part.masks || !(item.refused >> kSegmentation & 1))
    seen.require(item, kKeys[kBox], kBox);
  return raw;
}

class ChunkReader {
 public:
  ChunkReader(ChunkParser& parser, const JsonChunk& chunk, std::string_view file, ReadRules rules)
      : parser_(parser), chunk_(chunk), file_(file), rules_(rules) {}

  DatasetChunk read() {
    if (chunk_.list == "categories")
      for_each("category", [&](JsonItem& item, JsonValue element) {
        const CocoCategory category = parse_category(item, element, rules_.part);
        if (item.has_id) parsed_.categories.push_back(category);
      });
    else if (chunk_.list == "images")
      for_each("image", [&](JsonItem& item, JsonValue element) {
        const CocoImage image = parse_image(item, element, rules_, parsed_.defects);
        if (item.has_id) parsed_.images.push_back(image);
      });
    else
      read_annotations();
    return std::move(parsed_);
  }

 private:
  template <typename Visit>
  void for_each(std::string_view noun, const Visit& visit) {
    if (rules_.structural == StructuralDefects::kThrow && forgiven_ == 0)
      return parser_.for_each(chunk_, file_, noun, visit);
    parser_.for_each(chunk_, file_, noun, visit, [&](const JsonItem& item, const ItemError& error) {
      if (item.member >= 0 && forgiven_ >> item.member & 1) return;
      if (rules_.structural == StructuralDefects::kThrow) throw error;
      parsed_.defects.push_back({DefectKind::kMalformed, std::string(file_),
                                 item.has_id ? item.id : 0, error.without_file(), error.key()});
    });
  }

  void read_annotations() {
    parsed_.block = std::make_unique<CocoDataset::SegmentationBlock>();
    // Enough for coordinates of two decimals; what is not written stays out of memory.
    parsed_.block->xy.reserve(chunk_.text.size() / 8);
    if (!rules_.part.masks) forgiven_ = 1u << kSegmentation;
    for_each("annotation", [&](JsonItem& item, JsonValue element) {
      const RawAnnotation annotation =
          parse_annotation(item, element, rules_.part, *parsed_.block, parsed_.keypoints);
      if ((item.refused & ~forgiven_) == 0) parsed_.annotations.push_back(annotation);
    });
    parsed_.block->counts.shrink_to_fit();
  }

  ChunkParser& parser_;
  const JsonChunk& chunk_;
  const std::string_view file_;
  const ReadRules rules_;
  unsigned forgiven_ = 0;  // bits of members that are read over where they have a fault
  DatasetChunk parsed_;
};

}  // namespace

DatasetChunk parse_dataset_chunk(ChunkParser& parser, const JsonChunk& chunk, std::string_view file,
                                 ReadRules rules) {
  const bool wanted = rules.part.annotations || chunk.list != "annotations";
  if (chunk.first_index >= 0 && wanted) return ChunkReader(parser, chunk, file, rules).read();
  parser.check(chunk, file);
  const bool known = std::find(std::begin(kDatasetLists), std::end(kDatasetLists), chunk.list) !=
                     std::end(kDatasetLists);
  if (known && wanted && (rules.needs(chunk.list) || chunk.text != "null"))
    throw IoError(
        fmt::format("{}: {} must be a list, got {}", file, chunk.list, chunk.text.substr(0, 40)));
  return {};
}

}  // namespace denovo::data
