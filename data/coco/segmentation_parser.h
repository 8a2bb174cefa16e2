// The segmentation member of annotations and results: polygons, uncompressed or compressed RLE.
#pragma once

#include <array>
#include <optional>

#include "data/coco/dataset.h"
#include "data/coco/json_items.h"

namespace denovo::data {

/// Appends the numbers to `block` and says where they lie (slice.block is left to the caller). Run
/// lengths that contradict their size give kBrokenRle, with the reason in block.broken. [], {} and
/// "" are none; [[]] is a polygon without points. Anything else of a wrong type is an ItemError.
SegmentationKind parse_segmentation(const JsonItem& item, JsonValue value,
                                    CocoDataset::SegmentationBlock& block,
                                    SegmentationSlice& slice);

/// Mask size limits apply here too; `reason` receives what is wrong with a broken one.
SegmentationKind parse_rle(const JsonItem& item, simdjson::ondemand::object object,
                           std::vector<uint32_t>& counts, SegmentationSlice& slice,
                           std::string& reason);

/// The box [x, y, width, height] of a segmentation that parse_segmentation has read: the extents of
/// the usable polygons (annotation_checks.h), as COCO's own boxes are, and pycocotools' toBbox for
/// run lengths. Nothing where neither is there.
std::optional<std::array<double, 4>> box_of_segmentation(
    SegmentationKind kind, const CocoDataset::SegmentationBlock& block,
    const SegmentationSlice& slice);

}  // namespace denovo::data
