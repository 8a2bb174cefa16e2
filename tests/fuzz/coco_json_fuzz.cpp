// COCO annotation files from strangers: read, checked, viewed for training and evaluated against
// nothing, or refused by IoError.
#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/coco/training_view.h"
#include "data/evaluation/coco_evaluation.h"
#include "tests/fuzz/memory_file.h"

using namespace denovo;
using namespace denovo::data;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static testing::MemoryFile file;
  file.set(data, size);
  try {
    static constexpr DatasetPart kParts[] = {DatasetPart::kMasks, DatasetPart::kBoxes,
                                             DatasetPart::kImages, part_for(true, true)};
    const DatasetPart part = kParts[size % 4];
    const CocoDataset dataset = read_coco(file.path(), StructuralDefects::kCollect, part);
    std::vector<Defect> defects(dataset.defects().begin(), dataset.defects().end());
    int64_t pixels = 0;
    for (const CocoImage& image : dataset.images())
      pixels = std::max(pixels, int64_t{image.height} * image.width);
    const bool raster = pixels < 1 << 20;  // keeps an execution short
    for (const CocoAnnotation& annotation : dataset.annotations()) {
      judge_instance(dataset, annotation, true, defects);
      if (raster) find_remarks(dataset, annotation, true, defects);
    }
    for (const Defect& defect : defects) describe(defect);
    evaluate_coco(dataset, {}, IouType::kBbox);
    training_view(dataset, {.max_bad_fraction = 1});
    training_view(dataset, {.num_keypoints = static_cast<int>(keypoint_names(dataset).size()),
                            .max_bad_fraction = 1});
  } catch (const IoError&) {
  }
  return 0;
}
