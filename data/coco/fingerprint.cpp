#include "data/coco/fingerprint.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string_view>

namespace denovo::data {
namespace {

/// A hash of 64-bit words, one multiplication each: no guard against an adversary, but two lists
/// that people have differ in it but for a chance of 2^-64.
class Hash {
 public:
  void word(uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
    state_ ^= state_ >> 29;                         // or the low bits would never hear of the high
  }
  void number(double value) { word(std::bit_cast<uint64_t>(value)); }
  void integer(int64_t value) { word(static_cast<uint64_t>(value)); }
  void bytes(const void* data, size_t size) {
    const auto* from = static_cast<const char*>(data);
    word(size);
    for (; size >= 8; size -= 8, from += 8) {  // of a fixed size: a load, not a call
      uint64_t next;
      std::memcpy(&next, from, 8);
      word(next);
    }
    uint64_t rest = 0;
    if (size > 0) std::memcpy(&rest, from, size);
    word(rest);
  }
  void text(std::string_view text) { bytes(text.data(), text.size()); }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0x243f6a8885a308d3;  // digits of pi
};

uint64_t hash_of(const CocoCategory& category) {
  Hash hash;
  hash.integer(category.id);
  hash.text(category.name);
  for (const std::string& keypoint : category.keypoints) hash.text(keypoint);
  return hash.value();
}

uint64_t hash_of(const CocoImage& image) {
  Hash hash;
  hash.integer(image.id);
  hash.text(image.file_name);
  hash.integer(image.width);
  hash.integer(image.height);
  return hash.value();
}

uint64_t hash_of(const CocoDataset& dataset, const CocoAnnotation& annotation) {
  Hash hash;
  hash.integer(annotation.id);
  hash.integer(dataset.images()[static_cast<size_t>(annotation.image)].id);
  hash.integer(dataset.categories()[static_cast<size_t>(annotation.category)].id);
  for (const double side : annotation.bbox) hash.number(side);
  hash.number(annotation.area);
  hash.word(annotation.crowd);
  hash.word(static_cast<uint64_t>(annotation.segmentation));
  if (annotation.segmentation == SegmentationKind::kBrokenRle)
    hash.text(dataset.broken_rle(annotation));
  const PolygonsView polygons = dataset.polygons(annotation);
  hash.bytes(polygons.sizes.data(), polygons.sizes.size_bytes());
  hash.bytes(polygons.xy.data(), polygons.xy.size_bytes());
  const RleView rle = dataset.rle(annotation);
  hash.integer(rle.height);
  hash.integer(rle.width);
  hash.bytes(rle.counts.data(), rle.counts.size_bytes());
  const std::span<const double> keypoints = dataset.keypoints(annotation);
  // What was hashed before these were read stays as it was.
  if (annotation.difficult) hash.text("difficult");
  if (!keypoints.empty()) {
    hash.bytes(keypoints.data(), keypoints.size_bytes());
    hash.integer(annotation.num_keypoints);
  }
  return hash.value();
}

/// hash(i) for every item, by all threads, and one over them in their order.
template <class HashOf>
ListFingerprint list(size_t count, const HashOf& hash) {
  std::vector<uint64_t> hashes(count);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < count; ++i) hashes[i] = hash(i);
  Hash all;
  for (const uint64_t item : hashes) all.word(item);
  return {static_cast<int64_t>(count), fmt::format("{:016x}", all.value())};
}

}  // namespace

Fingerprint fingerprint(const CocoDataset& dataset) {
  return {
      list(dataset.categories().size(), [&](size_t i) { return hash_of(dataset.categories()[i]); }),
      list(dataset.images().size(), [&](size_t i) { return hash_of(dataset.images()[i]); }),
      list(dataset.annotations().size(),
           [&](size_t i) { return hash_of(dataset, dataset.annotations()[i]); })};
}

}  // namespace denovo::data
