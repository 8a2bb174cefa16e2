#include "data/shapes/shapes_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/run_lock.h"
#include "data/coco/keypoints.h"
#include "data/image/image_file.h"
#include "data/shapes/annotate.h"
#include "data/shapes/corners.h"
#include "data/shapes/difficulty.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;  // of the drawing: a change of a single pixel is another format
constexpr int kJpegQuality = 90;
constexpr const char* kManifest = "make_shapes.json";

// The iteration word of the random numbers tells the splits apart.
enum Split : uint32_t { kTrain = 0, kVal = 1, kClassificationTrain = 2, kClassificationVal = 3 };

RandomStream stream_of(const ShapesOptions& options, Split split, int index) {
  return {options.seed, RandomPurpose::kGeneratedData, split, static_cast<uint32_t>(index)};
}

std::string manifest_text(const ShapesOptions& options) {
  return fmt::format(
      "{{\"format\": {}, \"images\": {}, \"val\": {}, \"size\": {}, {}{}\"classification\": {}, "
      "\"crops\": {}, {}\"seed\": {}}}\n",
      kFormat, options.num_train, options.num_val, options.size,
      options.num_classes == ShapesOptions().num_classes
          ? ""
          : fmt::format("\"classes\": {}, ", options.num_classes),
      options.small_objects ? "" : "\"small\": false, ", options.num_classification, options.crops,
      options.keypoints ? "\"keypoints\": true, " : "", options.seed);
}

void check_options(const ShapesOptions& options) {
  const auto check = [](const char* name, int value, int low, int high) {
    if (value >= low && value <= high) return;
    throw ConfigError(fmt::format("shapes: {} must be {} to {}, got {}", name, low, high, value));
  };
  check("images", options.num_train, 1, 999'999);
  check("val", options.num_val, 1, 999'999);
  check("size", options.size, 64, 1024);
  check("classes", options.num_classes, 1, static_cast<int>(detection_shapes().size()));
  check("classification", options.num_classification, 0, 999'999);
}

std::span<const ShapeClass> detected_shapes(const ShapesOptions& options) {
  return detection_shapes().first(static_cast<size_t>(options.num_classes));
}

/// True when the path holds the data asked for; false when it is free.
bool is_there(const std::string& path, const ShapesOptions& options) {
  if (!fs::exists(path)) return false;
  if (fs::is_directory(path) && fs::is_empty(path)) return false;
  const fs::path manifest = fs::path(path) / kManifest;
  if (!fs::is_regular_file(manifest)) {
    throw ConfigError(
        fmt::format("{}: exists and holds no generated data; name another folder", path));
  }
  const std::vector<uint8_t> bytes = read_bytes(manifest.string());
  std::string found(bytes.begin(), bytes.end());
  if (found == manifest_text(options)) return true;
  while (!found.empty() && found.back() == '\n') found.pop_back();
  throw ConfigError(fmt::format(
      "{}: holds data of other options; remove it or name another folder, got {}", path, found));
}

/// f(i) for i in [0, n) on all threads; the first exception is thrown again after the loop.
template <class F>
void for_each_picture(int n, const F& f) {
  std::exception_ptr failure;
  std::atomic<bool> failed = false;
#pragma omp parallel for schedule(dynamic, 8)
  for (int i = 0; i < n; ++i) {
    if (failed) continue;
    try {
      f(i);
    } catch (...) {
#pragma omp critical(shapes_failure)
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// Where the data grow: `.NAME.partial` beside the target, emptied of what a killed process left.
/// Unlike AtomicDirectory it forces nothing to the disk: thousands of files take long, and after a
/// loss of power they are generated again.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::string& path) : target_(fs::absolute(path).lexically_normal()) {
    if (!target_.has_filename()) target_ = target_.parent_path();  // it ended in a slash
    partial_ = target_.parent_path() / fmt::format(".{}.partial", target_.filename().string());
    create_directories(partial_.string());
    lock_.emplace(partial_.string());
    for (const auto& entry : fs::directory_iterator(partial_)) {
      if (entry.path().filename() != ".lock") fs::remove_all(entry.path());
    }
  }
  ~WorkingFolder() {
    if (!lock_) return;
    lock_.reset();
    std::error_code ignored;
    fs::remove_all(partial_, ignored);
  }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

  std::string path() const { return partial_.string(); }

  void rename_to_target() {
    lock_.reset();
    std::error_code error;
    fs::rename(partial_, target_, error);
    if (error) {
      throw ResourceError(
          fmt::format("{}: cannot be created: {}", target_.string(), error.message()));
    }
  }

 private:
  fs::path target_, partial_;
  std::optional<RunLock> lock_;
};

struct Picture {
  int height = 0, width = 0;
  std::vector<ShapeAnnotation> annotations;
};

std::string file_name_of(int64_t id) {
  return fmt::format("{:012}.jpg", id);
}

std::string segmentation_text(const ShapeAnnotation& annotation) {
  if (annotation.is_crowd) {
    return fmt::format("{{\"size\": [{}, {}], \"counts\": [{}]}}", annotation.rle.height,
                       annotation.rle.width, fmt::join(annotation.rle.counts, ", "));
  }
  std::string text = "[";
  for (const std::vector<double>& polygon : annotation.polygons) {
    text += fmt::format("{}[{:g}]", text.size() > 1 ? ", " : "", fmt::join(polygon, ", "));
  }
  return text + "]";
}

std::string keypoints_text(const ShapeAnnotation& annotation) {
  return fmt::format(", \"num_keypoints\": {}, \"keypoints\": [{:g}]",
                     count_labelled(annotation.keypoints), fmt::join(annotation.keypoints, ", "));
}

std::string annotation_text(int64_t id, int64_t image_id, const ShapeAnnotation& annotation,
                            bool keypoints) {
  return fmt::format(
      "{{\"id\": {}, \"image_id\": {}, \"category_id\": {}, \"iscrowd\": {}, \"area\": {}, "
      "\"bbox\": [{}], \"segmentation\": {}{}}}",
      id, image_id, annotation.class_index + 1, annotation.is_crowd ? 1 : 0, annotation.area,
      fmt::join(annotation.bbox, ", "), segmentation_text(annotation),
      keypoints ? keypoints_text(annotation) : "");
}

/// The list is every category's, round ones too, as evaluations want it; the skeleton joins a
/// category's own corners.
std::string category_keypoints_text(const ShapeClass& shape) {
  std::string lines;
  const std::span<const Corner> corners = corners_of(shape.outline);
  for (size_t i = 0; i < corners.size(); ++i)
    lines += fmt::format("{}[{}, {}]", i > 0 ? ", " : "", corners[i].name + 1,
                         corners[(i + 1) % corners.size()].name + 1);
  return fmt::format(", \"keypoints\": [\"{}\"], \"skeleton\": [{}]",
                     fmt::join(kCornerNames, "\", \""), lines);
}

std::string dataset_text(const ShapesOptions& options, const char* split,
                         const std::vector<Picture>& pictures, int64_t first_id) {
  std::string text = fmt::format(
      "{{\"info\": {{\"description\": \"Generated shapes, {}: short side {} pixels, object sizes "
      "drawn for {} and scaled by their ratio\", \"version\": \"{}\", \"seed\": {}}},\n"
      "\"licenses\": [{{\"id\": 1, \"name\": \"CC0 1.0\", \"url\": "
      "\"https://creativecommons.org/publicdomain/zero/1.0/\"}}],\n\"categories\": [",
      split, options.size, difficulty::kNativeSize, kFormat, options.seed);
  int category = 0;
  for (const ShapeClass& shape : detected_shapes(options)) {
    text += fmt::format("{}\n{{\"id\": {}, \"name\": \"{}\", \"supercategory\": \"{}\"{}}}",
                        category > 0 ? "," : "", category + 1, shape.name, shape.supercategory,
                        options.keypoints ? category_keypoints_text(shape) : "");
    ++category;
  }
  text += "],\n\"images\": [";
  for (size_t i = 0; i < pictures.size(); ++i) {
    const int64_t id = first_id + static_cast<int64_t>(i);
    text += fmt::format(
        "{}\n{{\"id\": {}, \"file_name\": \"{}\", \"height\": {}, \"width\": {}, \"license\": 1}}",
        i > 0 ? "," : "", id, file_name_of(id), pictures[i].height, pictures[i].width);
  }
  text += "],\n\"annotations\": [";
  int64_t annotation_id = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (const ShapeAnnotation& annotation : pictures[i].annotations) {
      text += annotation_id++ > 0 ? ",\n" : "\n";
      text += annotation_text(annotation_id, first_id + static_cast<int64_t>(i), annotation,
                              options.keypoints);
    }
  }
  return text + "]}\n";
}

ShapesSummary summarise(const std::vector<Picture>& pictures) {
  ShapesSummary summary;
  summary.images = static_cast<int64_t>(pictures.size());
  for (const Picture& picture : pictures) {
    for (const ShapeAnnotation& annotation : picture.annotations) {
      if (annotation.is_crowd) {
        ++summary.crowds;
        continue;
      }
      ++summary.objects;
      const int range = annotation.area < 32 * 32 ? 0 : annotation.area < 96 * 96 ? 1 : 2;
      ++summary.objects_by_range[range];
    }
  }
  return summary;
}

class FolderWriter {
 public:
  FolderWriter(std::string root, const ShapesOptions& options,
               const std::function<void(int64_t, int64_t)>& progress)
      : root_(std::move(root)), options_(options), progress_(progress) {
    total_ = int64_t{options.num_train} + options.num_val + options.num_classification +
             classification_val();
  }

  int classification_val() const { return (options_.num_classification + 7) / 8; }

  ShapesSummary detection_split(const std::string& name, Split split, int count) {
    create_directories(root_ + "/" + name);
    create_directories(root_ + "/annotations");
    const int64_t first_id = split == kTrain ? 1 : 1'000'001;  // a name occurs in one split only
    if (options_.crops)
      for (const ShapeClass& shape : detected_shapes(options_))
        create_directories(class_folder("crops", name, shape));
    std::vector<Picture> pictures(count);
    for_each_picture(count, [&](int i) {
      const Scene scene =
          compose_scene(stream_of(options_, split, i),
                        {options_.size, options_.num_classes, options_.small_objects});
      const Rendering rendering = render(scene);
      write_image(root_ + "/" + name + "/" + file_name_of(first_id + i), rendering.image,
                  kJpegQuality);
      pictures[i] = {scene.height, scene.width, annotate(scene, rendering)};
      if (options_.crops) write_crops(name, first_id + i, rendering.image, pictures[i].annotations);
      advance();
    });
    const std::string text = dataset_text(options_, name.c_str(), pictures, first_id);
    write_text(root_ + "/annotations/instances_" + name + ".json", text);
    return summarise(pictures);
  }

  void classification_split(const std::string& name, Split split, int count) {
    const auto classes = classification_shapes();
    for (const ShapeClass& shape : classes)
      create_directories(class_folder("classification", name, shape));
    for_each_picture(count, [&](int i) {
      const int class_index = i % static_cast<int>(classes.size());
      const Scene scene =
          compose_single(stream_of(options_, split, i), options_.size * 2 / 3, class_index);
      write_image(
          class_folder("classification", name, classes[class_index]) + "/" + file_name_of(i + 1),
          render(scene).image, kJpegQuality);
      advance();
    });
  }

  int64_t num_crops() const { return num_crops_; }
  void manifest() { write_text(root_ + "/" + kManifest, manifest_text(options_)); }

 private:
  std::string class_folder(const char* set, const std::string& split,
                           const ShapeClass& shape) const {
    return fmt::format("{}/{}/{}/{}", root_, set, split, shape.name);
  }

  /// Each instance with a quarter of its size around it, as far as the picture goes.
  void write_crops(const std::string& split, int64_t id, const Image& image,
                   const std::vector<ShapeAnnotation>& annotations) {
    int number = 0;
    for (const ShapeAnnotation& annotation : annotations) {
      if (annotation.is_crowd) continue;
      const auto [x, y, width, height] = annotation.bbox;
      const int around = std::max(width, height) / 4;
      const int left = std::max(0, x - around), top = std::max(0, y - around);
      const int right = std::min(image.width, x + width + around);
      const int bottom = std::min(image.height, y + height + around);
      const ShapeClass& shape = detection_shapes()[static_cast<size_t>(annotation.class_index)];
      write_image(
          fmt::format("{}/{:012}_{}.jpg", class_folder("crops", split, shape), id, ++number),
          crop(image, top, left, bottom - top, right - left), kJpegQuality);
      ++num_crops_;
    }
  }

  static void write_text(const std::string& path, const std::string& text) {
    write_bytes(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  void advance() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (progress_) progress_(done_, total_);
  }

  std::string root_;
  const ShapesOptions& options_;
  const std::function<void(int64_t, int64_t)>& progress_;
  std::mutex mutex_;
  std::atomic<int64_t> num_crops_ = 0;
  int64_t done_ = 0, total_ = 0;
};

}  // namespace

ShapesReport write_shapes_folder(const std::string& path, const ShapesOptions& options,
                                 const std::function<void(int64_t, int64_t)>& progress) {
  check_options(options);
  ShapesReport report;
  if (is_there(path, options)) {
    report.was_there = true;
    return report;
  }
  WorkingFolder folder(path);
  FolderWriter writer(folder.path(), options, progress);
  report.train = writer.detection_split("train", kTrain, options.num_train);
  report.val = writer.detection_split("val", kVal, options.num_val);
  report.crops = writer.num_crops();
  if (options.num_classification > 0) {
    writer.classification_split("train", kClassificationTrain, options.num_classification);
    writer.classification_split("val", kClassificationVal, writer.classification_val());
    report.classification_images = options.num_classification + writer.classification_val();
  }
  writer.manifest();
  folder.rename_to_target();
  return report;
}

}  // namespace denovo::data
