#include "data/coco/segmentation_parser.h"

#include <limits>

namespace denovo::data {
namespace {

void parse_polygons(const JsonItem& item, simdjson::ondemand::array array,
                    CocoDataset::SegmentationBlock& block, SegmentationSlice& slice) {
  slice.begin = static_cast<uint32_t>(block.xy.size());
  slice.first_polygon = static_cast<uint32_t>(block.polygon_sizes.size());
  for (JsonValue polygon : array) {
    simdjson::ondemand::array numbers;
    if (polygon.get_array().get(numbers) != simdjson::SUCCESS)
      refuse_value(item, "segmentation", "a list of lists of numbers", polygon);
    const size_t begin = block.xy.size();
    for (JsonValue number : numbers) block.xy.push_back(read_number(item, "segmentation", number));
    block.polygon_sizes.push_back(static_cast<uint32_t>(block.xy.size() - begin));
  }
  slice.size = static_cast<uint32_t>(block.xy.size()) - slice.begin;
  slice.num_polygons = static_cast<uint32_t>(block.polygon_sizes.size()) - slice.first_polygon;
}

void read_mask_size(const JsonItem& item, JsonValue value, SegmentationSlice& slice) {
  double size[2];
  read_numbers(item, "segmentation.size", value, size, 2);
  for (const double side : size)
    if (!(side >= 0 && side <= std::numeric_limits<int>::max() && side == static_cast<int>(side)))
      throw IoError(fmt::format("{}: segmentation.size must be two whole numbers, got {} x {}",
                                item.where(), size[0], size[1]));
  slice.mask_height = static_cast<int>(size[0]);
  slice.mask_width = static_cast<int>(size[1]);
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
      compressed = value.type().value() == simdjson::ondemand::json_type::string;
      simdjson::ondemand::array runs;
      if (compressed) {
        text = read_string(item, "segmentation.counts", value);
      } else if (value.get_array().get(runs) == simdjson::SUCCESS) {
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
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::array:
      parse_polygons(item, value.get_array(), block, slice);
      return slice.num_polygons > 0 ? SegmentationKind::kPolygons : SegmentationKind::kNone;
    case simdjson::ondemand::json_type::object: {
      std::string reason;
      const SegmentationKind kind =
          parse_rle(item, value.get_object(), block.counts, slice, reason);
      if (kind == SegmentationKind::kBrokenRle) {
        slice.begin = static_cast<uint32_t>(block.broken.size());
        block.broken.push_back(std::move(reason));
      }
      return kind;
    }
    case simdjson::ondemand::json_type::null:
      if (value.is_null().value()) return SegmentationKind::kNone;
      [[fallthrough]];
    default:
      refuse_value(item, "segmentation", "polygons or run lengths", value);
  }
}

}  // namespace denovo::data
