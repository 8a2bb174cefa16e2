#include "data/coco/segmentation_parser.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "data/coco/annotation_checks.h"

namespace denovo::data {
namespace {

void parse_polygons(const JsonItem& item, simdjson::ondemand::array array,
                    CocoDataset::SegmentationBlock& block, SegmentationSlice& slice) {
  slice.begin = static_cast<uint32_t>(block.xy.size());
  slice.first_polygon = static_cast<uint32_t>(block.polygon_sizes.size());
  for (JsonValue polygon : array) {
    simdjson::ondemand::array numbers;
    if (polygon.get_array().get(numbers) != simdjson::SUCCESS) {
      double number;
      if (polygon.get_double().get(number) == simdjson::SUCCESS)
        throw ItemError(
            item, "segmentation",
            "must be a list of polygons, got a flat list of numbers; write [[x, y, …]]");
      refuse_value(item, "segmentation", "a list of lists of numbers", polygon);
    }
    const size_t begin = block.xy.size();
    for (JsonValue number : numbers) block.xy.push_back(read_number(item, "segmentation", number));
    block.polygon_sizes.push_back(static_cast<uint32_t>(block.xy.size() - begin));
  }
  slice.size = static_cast<uint32_t>(block.xy.size()) - slice.begin;
  slice.num_polygons = static_cast<uint32_t>(block.polygon_sizes.size()) - slice.first_polygon;
}

void read_mask_size(const JsonItem& item, JsonValue value, SegmentationSlice& slice) {
  constexpr std::string_view kKey = "segmentation.size", kRule = "[height, width]";
  simdjson::ondemand::array sides;
  if (value.get_array().get(sides) != simdjson::SUCCESS) refuse_value(item, kKey, kRule, value);
  int* const to[] = {&slice.mask_height, &slice.mask_width};
  size_t count = 0;
  for (JsonValue side : sides) {
    const int64_t number = read_integer(item, kKey, side, 0, std::numeric_limits<int>::max());
    if (count < std::size(to)) *to[count] = static_cast<int>(number);
    ++count;
  }
  if (count != std::size(to))
    throw ItemError(item, kKey, fmt::format("must be {}, got {} numbers", kRule, count));
}

}  // namespace

SegmentationKind parse_rle(const JsonItem& item, simdjson::ondemand::object object,
                           std::vector<uint32_t>& counts, SegmentationSlice& slice,
                           std::string& reason) {
  std::string_view text;  // read before the size may be known
  bool has_size = false, has_counts = false, compressed = false;
  slice.begin = static_cast<uint32_t>(counts.size());
  for (auto field : object) {
    const std::string_view key = field.unescaped_key().value();
    JsonValue value = field.value();
    if (key == "size") {
      read_mask_size(item, value, slice);
      has_size = true;
    } else if (key == "counts" && !has_counts) {
      has_counts = true;
      simdjson::ondemand::array runs;
      compressed = value.get_string().get(text) == simdjson::SUCCESS;
      if (compressed) continue;
      if (value.get_array().get(runs) == simdjson::SUCCESS) {
        for (JsonValue run : runs)
          counts.push_back(static_cast<uint32_t>(read_integer(
              item, "segmentation.counts", run, 0, std::numeric_limits<uint32_t>::max())));
      } else {
        refuse_value(item, "segmentation.counts", "a string or a list of numbers", value);
      }
    } else {
      read_over(value);
    }
  }
  if (!has_size) refuse_missing(item, "segmentation.size");
  if (!has_counts) refuse_missing(item, "segmentation.counts");
  try {
    if (compressed) append_rle_counts(text, slice.mask_height, slice.mask_width, counts);
    slice.size = static_cast<uint32_t>(counts.size()) - slice.begin;
    if (!compressed)
      check_rle({slice.mask_height, slice.mask_width,
                 std::span(counts).subspan(slice.begin, slice.size)});
    return SegmentationKind::kRle;
  } catch (const IoError& error) {
    reason = error.what();
    counts.resize(slice.begin);
    slice.size = 0;
    return SegmentationKind::kBrokenRle;
  }
}

SegmentationKind parse_segmentation(const JsonItem& item, JsonValue value,
                                    CocoDataset::SegmentationBlock& block,
                                    SegmentationSlice& slice) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS && text.empty())
    return SegmentationKind::kNone;
  simdjson::ondemand::array polygons;
  if (value.get_array().get(polygons) == simdjson::SUCCESS) {
    parse_polygons(item, polygons, block, slice);
    return slice.num_polygons > 0 ? SegmentationKind::kPolygons : SegmentationKind::kNone;
  }
  simdjson::ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS)
    refuse_value(item, "segmentation", "polygons or run lengths", value);
  if (object.is_empty()) return SegmentationKind::kNone;
  std::string reason;
  const SegmentationKind kind = parse_rle(item, object, block.counts, slice, reason);
  if (kind == SegmentationKind::kBrokenRle) {
    slice.begin = static_cast<uint32_t>(block.broken.size());
    block.broken.push_back(std::move(reason));
  }
  return kind;
}

std::optional<std::array<double, 4>> box_of_segmentation(
    SegmentationKind kind, const CocoDataset::SegmentationBlock& block,
    const SegmentationSlice& slice) {
  if (kind == SegmentationKind::kRle) {
    const RleBox box = rle_bounding_box({slice.mask_height, slice.mask_width,
                                         std::span(block.counts).subspan(slice.begin, slice.size)});
    return std::array{box.x, box.y, box.width, box.height};
  }
  if (kind != SegmentationKind::kPolygons) return std::nullopt;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low[2] = {kInfinity, kInfinity}, high[2] = {-kInfinity, -kInfinity};
  const double* xy = block.xy.data() + slice.begin;
  for (uint32_t p = 0; p < slice.num_polygons; ++p) {
    const uint32_t size = block.polygon_sizes[slice.first_polygon + p];
    for (uint32_t i = 0; usable_polygon(size) && i < size; ++i) {
      low[i % 2] = std::min(low[i % 2], xy[i]);
      high[i % 2] = std::max(high[i % 2], xy[i]);
    }
    xy += size;
  }
  if (low[0] > high[0]) return std::nullopt;
  return std::array{low[0], low[1], high[0] - low[0], high[1] - low[1]};
}

}  // namespace denovo::data
