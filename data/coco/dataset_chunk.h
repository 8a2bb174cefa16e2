// A run of list elements of an annotation file, parsed; ids are not resolved yet.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "data/coco/chunk_parser.h"
#include "data/coco/dataset.h"

namespace denovo::data {

inline constexpr std::string_view kDatasetLists[] = {"images", "annotations", "categories"};

/// Its keypoints are still a place in those of its chunk.
struct RawAnnotation : CocoAnnotation {
  int64_t image_id = 0, category_id = 0;
  bool has_area = false, has_box = false;
};

struct DatasetChunk {
  std::vector<CocoCategory> categories;
  std::vector<CocoImage> images;
  std::vector<RawAnnotation> annotations;
  std::unique_ptr<CocoDataset::SegmentationBlock> block;
  std::vector<double> keypoints;
  std::vector<Defect> defects;
};

/// Parses a chunk of one of kDatasetLists that is wanted, or checks the syntax of another one. With
/// kThrow the first fault of an element is an ItemError. With kCollect each fault of each element
/// is a defect, and annotations with one are left out; images and categories stay where their id is
/// known. Throws IoError for text that is not JSON and for a needed list that is none.
DatasetChunk parse_dataset_chunk(ChunkParser& parser, const JsonChunk& chunk, std::string_view file,
                                 ReadRules rules);

}  // namespace denovo::data
