#include "detection/evaluation/gather_detections.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "core/error.h"

namespace denovo::detection {
namespace {

class Writer {
 public:
  template <class T>
  void put(std::span<const T> values) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <class T>
  void put(const T& value) {
    put(std::span<const T>(&value, 1));
  }
  std::string bytes;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : rest_(bytes) {}
  template <class T>
  void get(std::span<T> values) {
    DENOVO_DCHECK(rest_.size() >= values.size_bytes());
    std::memcpy(values.data(), rest_.data(), values.size_bytes());
    rest_.remove_prefix(values.size_bytes());
  }
  template <class T>
  T get() {
    T value{};
    get(std::span<T>(&value, 1));
    return value;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

std::string to_bytes(const std::vector<ImageDetections>& images) {
  Writer out;
  for (const ImageDetections& image : images) {
    out.put(image.image_id);
    out.put(image.height);
    out.put(image.width);
    out.put(image.detections.size());
    out.put(image.masks.size());
    for (const data::Detection& detection : image.detections) {
      out.put(detection.category_id);
      out.put(detection.bbox);
      out.put(detection.score);
    }
    out.put(std::span<const int>(image.classes));
    for (const Rle& mask : image.masks) {
      out.put(mask.counts.size());
      out.put(std::span<const uint32_t>(mask.counts));
    }
    out.put(image.keypoints.size());
    out.put(std::span<const double>(image.keypoints));
  }
  return std::move(out.bytes);
}

std::vector<ImageDetections> detections_of(const std::string& bytes) {
  std::vector<ImageDetections> images;
  for (Reader in(bytes); !in.done();) {
    ImageDetections& image = images.emplace_back();
    image.image_id = in.get<int64_t>();
    image.height = in.get<int>();
    image.width = in.get<int>();
    image.detections.resize(in.get<size_t>());
    image.masks.resize(in.get<size_t>());
    for (data::Detection& detection : image.detections) {
      detection.image_id = image.image_id;
      detection.category_id = in.get<int64_t>();
      detection.bbox = in.get<std::array<double, 4>>();
      detection.score = in.get<double>();
    }
    image.classes.resize(image.detections.size());
    in.get(std::span(image.classes));
    for (size_t i = 0; i < image.masks.size(); ++i) {
      Rle& mask = image.masks[i];
      mask.height = image.height;
      mask.width = image.width;
      mask.counts.resize(in.get<size_t>());
      in.get(std::span(mask.counts));
      image.detections[i].mask = mask;
    }
    image.keypoints.resize(in.get<size_t>());
    in.get(std::span(image.keypoints));
    if (image.detections.empty()) continue;
    const size_t each = image.keypoints.size() / image.detections.size();
    for (size_t i = 0; i < image.detections.size(); ++i)
      image.detections[i].keypoints =
          std::span<const double>(image.keypoints).subspan(i * each, each);
  }
  return images;
}

std::vector<ImageDetections> gather_detections(std::vector<ImageDetections> own,
                                               ProcessGroup& group) {
  if (group.size() == 1) return own;
  std::vector<ImageDetections> all;
  for (const std::string& bytes : group.gather(to_bytes(own))) {
    auto images = detections_of(bytes);
    std::move(images.begin(), images.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.image_id < b.image_id; });
  return all;
}

}  // namespace denovo::detection
