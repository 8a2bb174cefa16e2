// What the keypoints of a data set are, and which of them take each other's place in a mirror.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::data {

/// The names of the keypoints of a data set: those of the first category that has some, which all
/// others with some share (differing_keypoints_text). Empty: none has, or they were not read.
std::span<const std::string> keypoint_names(const CocoDataset& dataset);

/// "train.json: categories must have the same keypoints or none, got others for 1 (person) and 4
/// (dog)": heads and OKS know one list. Empty where it is kept.
std::string differing_keypoints_text(const CocoDataset& dataset);

/// "val.json: categories must have the model's 17 keypoints, got 4"; empty where they have them.
std::string keypoint_count_text(const CocoDataset& dataset, int num_keypoints);

/// mirror[k]: the keypoint that the k-th looks like in a mirrored image, k itself for one on the
/// middle line. Told by the names: "left" and "right" (as they stand, capitalised or in capitals)
/// change places wherever they occur; where a name has neither, the words "l" and "r" do. A name
/// whose partner is not in the list stays what it is. mirror[mirror[k]] == k.
std::vector<int> mirrored_keypoints(std::span<const std::string> names);

/// The names that speak of a side, but whose partner is not in the list.
std::vector<std::string> unpaired_keypoints(std::span<const std::string> names);

/// Those with v > 0 of x, y, v triples.
int count_labelled(std::span<const double> keypoints);

/// True for one that trains: v > 0 and, as far as the file knows its size, on the image. detectron2
/// takes those on the image's edges too.
bool usable_keypoint(const CocoImage& image, std::span<const double, 3> keypoint);

/// usable_keypoint of any of an annotation's.
bool has_usable_keypoints(const CocoDataset& dataset, const CocoAnnotation& annotation);

}  // namespace denovo::data
