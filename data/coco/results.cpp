#include "data/coco/results.h"

#include <fmt/format.h>

#include <cmath>

#include "core/files/atomic_write.h"
#include "core/files/base_name.h"
#include "core/files/json_writer.h"
#include "data/coco/chunk_parser.h"
#include "data/coco/json_members.h"
#include "data/coco/keypoint_parser.h"
#include "data/coco/parse_json_lists.h"
#include "data/coco/segmentation_parser.h"

namespace denovo::data {
namespace {

/// A detection whose mask and keypoints are still places in the numbers of its chunk.
struct RawDetection : Detection {
  uint32_t begin = 0, size = 0;
  size_t first_keypoint = 0, num_keypoints = 0;
  bool has_box = false, has_mask = false;
};

struct ParsedResults {
  std::vector<RawDetection> detections;
  std::unique_ptr<std::vector<uint32_t>> counts;
  std::unique_ptr<std::vector<double>> keypoints;
};

/// Whether it is {}, [] or "", which are no segmentation, as in annotations.
bool is_empty(JsonValue value) {
  simdjson::ondemand::array array;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return text.empty();
  if (value.get_array().get(array) == simdjson::SUCCESS) return array.is_empty();
  return false;
}

void parse_mask(const JsonItem& item, JsonValue value, std::vector<uint32_t>& counts,
                RawDetection& raw) {
  simdjson::ondemand::object object;
  if (is_empty(value)) return;
  if (value.get_object().get(object) != simdjson::SUCCESS)
    refuse_value(item, "segmentation", "run lengths", value);
  if (object.is_empty()) return;
  SegmentationSlice slice;
  std::string reason;
  if (parse_rle(item, object, counts, slice, reason) == SegmentationKind::kBrokenRle)
    throw IoError(fmt::format("{}: segmentation: {}", item.where(), reason));
  raw.mask = {slice.mask_height, slice.mask_width, {}};
  raw.begin = slice.begin;
  raw.size = slice.size;
  raw.has_mask = true;
}

RawDetection parse_detection(JsonItem& item, JsonValue element, ResultFields fields,
                             std::vector<uint32_t>& counts, std::vector<double>& keypoints) {
  enum { kImage, kCategory, kScore, kBox, kSegmentation, kKeypoints };
  static constexpr std::string_view kKeys[] = {"image_id", "category_id",  "score",
                                               "bbox",     "segmentation", "keypoints"};
  RawDetection raw;
  raw.first_keypoint = keypoints.size();
  const SeenKeys seen =
      read_members(item, element, kKeys, [&](int bit, std::string_view key, JsonValue value) {
        switch (bit) {
          case kImage:
            raw.image_id = read_id(item, key, value);
            break;
          case kCategory:
            raw.category_id = read_id(item, key, value);
            break;
          case kScore:
            raw.score = read_number(item, key, value);
            break;
          case kBox:
            if (fields.boxes)
              read_numbers(item, key, value, raw.bbox.data(), 4);
            else
              read_over(value);
            break;
          case kSegmentation:
            if (fields.masks)
              parse_mask(item, value, counts, raw);
            else
              read_over(value);
            break;
          default:
            if (fields.keypoints)
              raw.num_keypoints = parse_keypoints(item, key, value, keypoints);
            else
              read_over(value);
        }
      });
  for (const int bit : {kImage, kCategory, kScore}) seen.require(item, kKeys[bit], bit);
  if (fields.required && fields.boxes) seen.require(item, kKeys[kBox], kBox);
  if (fields.required && fields.masks) {
    seen.require(item, kKeys[kSegmentation], kSegmentation);
    if (!raw.has_mask) throw ItemError(item, kKeys[kSegmentation], "is empty");
  }
  if (fields.required && fields.keypoints) {
    seen.require(item, kKeys[kKeypoints], kKeypoints);
    if (raw.num_keypoints == 0) throw ItemError(item, kKeys[kKeypoints], "is empty");
  }
  raw.has_box = fields.boxes && seen.has(kBox);
  return raw;
}

ParsedResults parse_chunk(ChunkParser& parser, const JsonChunk& chunk, std::string_view file,
                          ResultFields fields) {
  ParsedResults parsed;
  std::vector<uint32_t> counts;
  std::vector<double> keypoints;
  parser.for_each(chunk, file, "result", [&](JsonItem& item, JsonValue element) {
    parsed.detections.push_back(parse_detection(item, element, fields, counts, keypoints));
  });
  parsed.keypoints = std::make_unique<std::vector<double>>(keypoints);
  parsed.counts = std::make_unique<std::vector<uint32_t>>(counts);  // without slack
  return parsed;
}

void require_finite(double number, std::string_view what, size_t index) {
  if (!std::isfinite(number))
    throw IoError(fmt::format("results[{}]: {} must be finite, got {}", index, what, number));
}

void put_numbers(std::span<const double> numbers, std::string_view key, size_t index,
                 JsonWriter& json) {
  json.key(key).begin_array();
  for (const double number : numbers) {
    require_finite(number, key, index);
    json.value(number);
  }
  json.end_array();
}

void put_detections(std::span<const Detection> detections, ResultFields fields, JsonWriter& json) {
  json.begin_array();
  for (size_t i = 0; i < detections.size(); ++i) put_result(detections[i], i, fields, json);
  json.end_array();
}

}  // namespace

class ResultsReader {
 public:
  CocoResults read(const std::string& path, ResultFields fields) {
    parse_json_lists(
        path, {},
        [&](ChunkParser& parser, const JsonChunk& chunk) {
          return parse_chunk(parser, chunk, base_name(path), fields);
        },
        [&](const JsonChunk&, ParsedResults part) { append(std::move(part)); });
    return std::move(results_);
  }

 private:
  void append(ParsedResults part) {
    for (const RawDetection& raw : part.detections) {
      count(raw.has_box, results_.boxes_);
      count(raw.has_mask, results_.masks_);
      count(raw.num_keypoints > 0, results_.keypoints_);
      results_.detections_.push_back(raw);
      results_.detections_.back().mask.counts =
          std::span<const uint32_t>(*part.counts).subspan(raw.begin, raw.size);
      results_.detections_.back().keypoints =
          std::span<const double>(*part.keypoints).subspan(raw.first_keypoint, raw.num_keypoints);
    }
    results_.counts_.push_back(std::move(part.counts));
    results_.keypoint_numbers_.push_back(std::move(part.keypoints));
  }

  void count(bool has_it, MemberUse& use) const {
    if (has_it)
      ++use.count;
    else if (use.everywhere())
      use.first_without = std::ssize(results_.detections_);
  }

  CocoResults results_;
};

void put_result(const Detection& d, size_t index, ResultFields fields, JsonWriter& json,
                std::string_view file_name) {
  require_finite(d.score, "score", index);
  json.begin_object().field("image_id", d.image_id);
  if (!file_name.empty()) json.field("file_name", file_name);
  json.field("category_id", d.category_id);
  if (fields.boxes) put_numbers(d.bbox, "bbox", index, json);
  json.field("score", d.score);
  if (fields.masks) {
    json.key("segmentation").begin_object().key("size").begin_array();
    json.value(d.mask.height).value(d.mask.width).end_array();
    json.field("counts", rle_to_string(d.mask)).end_object();
  }
  if (fields.keypoints) put_numbers(d.keypoints, "keypoints", index, json);
  json.end_object();
}

CocoResults read_results(const std::string& path, ResultFields fields) {
  return ResultsReader().read(path, fields);
}

std::string results_text(std::span<const Detection> detections, ResultFields fields) {
  JsonWriter json;
  put_detections(detections, fields, json);
  return json.text();
}

void write_results(const std::string& path, std::span<const Detection> detections,
                   ResultFields fields) {
  AtomicFile file(path);
  JsonWriter json([&](std::string_view piece) { file.write(piece); });
  put_detections(detections, fields, json);
  file.commit();
}

}  // namespace denovo::data
