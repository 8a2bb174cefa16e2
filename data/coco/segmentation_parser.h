// The segmentation member of annotations and results: polygons, uncompressed or compressed RLE.
#pragma once

#include "data/coco/dataset.h"
#include "data/coco/json_items.h"

namespace denovo::data {

/// Appends the numbers to `block` and says where they lie (slice.block is left to the caller). Run
/// lengths that contradict their size give kBrokenRle, with the reason in block.broken; anything of
/// a wrong type throws IoError.
SegmentationKind parse_segmentation(const JsonItem& item, JsonValue value,
                                    CocoDataset::SegmentationBlock& block,
                                    SegmentationSlice& slice);

/// Mask size limits apply here too; `reason` receives what is wrong with a broken one.
SegmentationKind parse_rle(const JsonItem& item, simdjson::ondemand::object object,
                           std::vector<uint32_t>& counts, SegmentationSlice& slice,
                           std::string& reason);

}  // namespace denovo::data
