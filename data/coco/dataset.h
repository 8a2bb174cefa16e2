// A COCO annotation file in compact arrays, read once, constant afterwards.
//
// Images, and the annotations grouped by image, stand in ascending image id; the annotations of one
// image in file order; categories in ascending id, so that the contiguous class index 0 … K-1 is
// the rank of the id. Boxes are [x, y, width, height] in pixels, origin at the top left, as in the
// file; polygons are x0, y0, x1, y1, … in doubles, exactly as written. Keypoints are x, y and v:
// 0 missing, 1 labelled but hidden, 2 visible; x and y are indices of pixels, so that the centre of
// the first one is 0, 0 where it is 0.5, 0.5 of a box or a polygon.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/raster/rle.h"
#include "data/coco/defects.h"
#include "data/coco/read_rules.h"

namespace denovo::data {

struct CocoCategory {
  int64_t id = 0;
  std::string name;  // "" where the file has none

  // Of categories that have keypoints, where these were read.
  std::vector<std::string> keypoints = {};        // their names
  std::vector<std::array<int, 2>> skeleton = {};  // pairs to join, counted from 1; as the file says
};

struct CocoImage {
  int64_t id = 0;
  std::string file_name;
  int width = 0, height = 0;  // 0 where the file does not say (evaluation only)
  bool has_size = true;       // width and height are in the file
  bool complete = true;       // the name too
};

enum class SegmentationKind : uint8_t {
  kNone,  // absent, null, [], {} or ""
  kPolygons,
  kRle,
  kBrokenRle  // run lengths that contradict their size; CocoDataset::mask throws
};

/// Where a segmentation's numbers lie; use CocoDataset::polygons, rle and mask instead.
struct SegmentationSlice {
  uint32_t block = 0, begin = 0, size = 0;  // polygon numbers, run lengths, or place in broken
  uint32_t first_polygon = 0, num_polygons = 0;
  int mask_height = 0, mask_width = 0;  // of run lengths
};

/// Where an annotation's keypoints lie; use CocoDataset::keypoints instead.
struct KeypointSlice {
  uint64_t begin = 0;
  uint32_t size = 0;
};

struct CocoAnnotation {
  int64_t id = 0;
  int image = 0;                 // index into images()
  int category = 0;              // class index
  std::array<double, 4> bbox{};  // as the file says; of the segmentation where it does not
  double area = 0;  // as the file says; of the mask, else of the box, where it does not
  bool crowd = false;
  bool difficult = false;  // of PASCAL VOC: no part of its AP, not trained on; COCO's ignores it
  SegmentationKind segmentation = SegmentationKind::kNone;
  SegmentationSlice slice;
  KeypointSlice keypoint_slice;
  int64_t num_keypoints = 0;  // as the file says; of those with v > 0 where it does not
};

/// Polygons after each other in `xy`; sizes[i] = how many numbers polygon i has.
struct PolygonsView {
  std::span<const double> xy;
  std::span<const uint32_t> sizes;
};

/// The later annotation that takes the place of an earlier one with the same id in the reference.
struct ReplacedAnnotation {
  int index, last_index;
};

class CocoDataset {
 public:
  struct SegmentationBlock {
    std::vector<double> xy;
    std::vector<uint32_t> polygon_sizes;
    std::vector<uint32_t> counts;
    std::vector<std::string> broken;  // why run lengths were refused
  };

  const std::string& path() const { return path_; }
  std::span<const CocoCategory> categories() const { return categories_; }
  std::span<const CocoImage> images() const { return images_; }
  std::span<const CocoAnnotation> annotations() const { return annotations_; }
  std::span<const CocoAnnotation> annotations_of(int image) const {
    return annotations().subspan(first_annotation_[image],
                                 first_annotation_[image + 1] - first_annotation_[image]);
  }
  int num_classes() const { return static_cast<int>(categories_.size()); }

  /// Index of an image or category id, -1 when there is none.
  int find_image(int64_t id) const;
  int find_category(int64_t id) const;

  PolygonsView polygons(const CocoAnnotation& annotation) const;
  RleView rle(const CocoAnnotation& annotation) const;
  /// What is wrong with run lengths of SegmentationKind::kBrokenRle, as rle.h says it.
  const std::string& broken_rle(const CocoAnnotation& annotation) const;
  /// The mask on the image, whatever its form; an annotation without segmentation gives an empty
  /// one. Throws IoError for a broken one, naming file and annotation.
  Rle mask(const CocoAnnotation& annotation) const;

  /// x, y, v of each of the category's keypoints; empty where the annotation has none, or they were
  /// not read. Always whole triples; those of a file with DefectKind::kKeypointCount may be others
  /// than the category's.
  std::span<const double> keypoints(const CocoAnnotation& annotation) const {
    return std::span(keypoints_)
        .subspan(annotation.keypoint_slice.begin, annotation.keypoint_slice.size);
  }

  /// Structural defects met while reading, in file order (only when they were to be collected).
  std::span<const Defect> defects() const { return defects_; }
  /// Annotations whose id another, later annotation repeats.
  std::span<const ReplacedAnnotation> replaced() const { return replaced_; }
  /// Annotations whose area was not in the file.
  int64_t num_computed_areas() const { return num_computed_areas_; }
  /// Annotations whose bbox was not in the file.
  int64_t num_computed_boxes() const { return num_computed_boxes_; }
  /// Throws IoError for the first DefectKind::kMalformed: numbers from such a file would be wrong.
  void require_well_formed() const;

  /// Takes out category i where !kept[i], with its annotations, as if the file had never had them;
  /// images stay. For whoever owns the data set and has just read it.
  void keep_categories(const std::vector<bool>& kept);

 private:
  void keep_replaced(const std::vector<int>& new_index);

  friend class CocoReader;
  std::string path_;
  std::vector<CocoCategory> categories_;
  std::vector<CocoImage> images_;
  std::vector<int64_t> image_ids_;
  std::vector<CocoAnnotation> annotations_;
  std::vector<int64_t> first_annotation_;
  std::vector<std::unique_ptr<SegmentationBlock>> blocks_;
  std::vector<double> keypoints_;
  std::vector<Defect> defects_;
  std::vector<ReplacedAnnotation> replaced_;
  int64_t num_computed_areas_ = 0, num_computed_boxes_ = 0;
};

/// Reads a COCO file with all threads. Throws IoError, naming file, item, rule and value, when it
/// is not JSON with the three lists, and as `structural` says. A member that is null is absent; a
/// missing iscrowd or difficult is 0, a missing bbox that of the segmentation
/// (segmentation_parser.h); other members are read over (but must be JSON), those of keypoints too
/// unless they are asked for.
CocoDataset read_coco(const std::string& path,
                      StructuralDefects structural = StructuralDefects::kThrow,
                      DatasetPart part = DatasetPart::kMasks);

}  // namespace denovo::data
