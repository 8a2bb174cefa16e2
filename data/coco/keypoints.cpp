#include "data/coco/keypoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/files/base_name.h"
#include "data/coco/match_categories.h"

namespace denovo::data {
namespace {

using Names = std::span<const std::string>;
using Sides = std::pair<std::string_view, std::string_view>;

/// `name` with the two words in each other's place.
std::string swapped(const std::string& name, const Sides& words) {
  std::string result;
  for (size_t at = 0; at < name.size();) {
    const std::string_view rest = std::string_view(name).substr(at);
    const bool first = rest.starts_with(words.first);
    const bool second = !first && rest.starts_with(words.second);
    if (first || second) {
      result += first ? words.second : words.first;
      at += first ? words.first.size() : words.second.size();
    } else {
      result += name[at++];
    }
  }
  return result;
}

/// The letters l and r where they are a word, in each other's place.
std::string swapped_letters(const std::string& name) {
  const auto letter = [&](size_t i) {
    return i < name.size() && std::isalnum(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string result = name;
  for (size_t i = 0; i < name.size(); ++i) {
    if ((i > 0 && letter(i - 1)) || letter(i + 1)) continue;
    for (const auto& [left, right] : {std::pair('l', 'r'), std::pair('L', 'R')}) {
      if (name[i] == left) result[i] = right;
      if (name[i] == right) result[i] = left;
    }
  }
  return result;
}

/// What a name is in the mirror, whether or not there is such a keypoint.
std::string mirrored_name(const std::string& name) {
  static constexpr Sides kSides[] = {{"left", "right"}, {"Left", "Right"}, {"LEFT", "RIGHT"}};
  std::string mirrored = name;
  for (const Sides& sides : kSides) mirrored = swapped(mirrored, sides);
  return mirrored == name ? swapped_letters(name) : mirrored;
}

int find(Names names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

}  // namespace

Names keypoint_names(const CocoDataset& dataset) {
  for (const CocoCategory& category : dataset.categories())
    if (!category.keypoints.empty()) return category.keypoints;
  return {};
}

std::string differing_keypoints_text(const CocoDataset& dataset) {
  const CocoCategory* first = nullptr;
  for (const CocoCategory& category : dataset.categories()) {
    if (category.keypoints.empty()) continue;
    if (first == nullptr) first = &category;
    if (category.keypoints != first->keypoints)
      return fmt::format(
          "{}: categories must have the same keypoints or none, got others for {} and {}",
          base_name(dataset.path()), category_text(*first), category_text(category));
  }
  return "";
}

std::string keypoint_count_text(const CocoDataset& dataset, int num_keypoints) {
  const auto found = std::ssize(keypoint_names(dataset));
  if (found == num_keypoints) return "";
  return fmt::format("{}: categories must have the model's {} keypoints, got {}",
                     base_name(dataset.path()), num_keypoints, found);
}

std::vector<int> mirrored_keypoints(Names names) {
  std::vector<int> partners;
  for (const std::string& name : names) partners.push_back(find(names, mirrored_name(name)));
  std::vector<int> mirror;
  for (int k = 0; k < std::ssize(partners); ++k) {
    const int partner = partners[static_cast<size_t>(k)];
    // Of a name that stands twice only the first has a partner.
    const bool mutual = partner >= 0 && partners[static_cast<size_t>(partner)] == k;
    mirror.push_back(mutual ? partner : k);
  }
  return mirror;
}

std::vector<std::string> unpaired_keypoints(Names names) {
  std::vector<std::string> unpaired;
  for (const std::string& name : names) {
    const std::string mirrored = mirrored_name(name);
    if (mirrored != name && find(names, mirrored) < 0) unpaired.push_back(name);
  }
  return unpaired;
}

int count_labelled(std::span<const double> keypoints) {
  int count = 0;
  for (size_t i = 2; i < keypoints.size(); i += 3) count += keypoints[i] > 0;
  return count;
}

bool usable_keypoint(const CocoImage& image, std::span<const double, 3> keypoint) {
  if (!(keypoint[2] > 0)) return false;
  if (!image.has_size) return true;
  // The centre of the pixel that it names.
  const double x = keypoint[0] + 0.5, y = keypoint[1] + 0.5;
  return x >= 0 && y >= 0 && x <= image.width && y <= image.height;
}

bool has_usable_keypoints(const CocoDataset& dataset, const CocoAnnotation& annotation) {
  const std::span<const double> keypoints = dataset.keypoints(annotation);
  const CocoImage& image = dataset.images()[static_cast<size_t>(annotation.image)];
  for (size_t i = 0; i < keypoints.size(); i += 3)
    if (usable_keypoint(image, keypoints.subspan(i).first<3>())) return true;
  return false;
}

}  // namespace denovo::data
