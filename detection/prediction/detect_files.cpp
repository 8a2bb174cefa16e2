#include "detection/prediction/detect_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/files/atomic_write.h"
#include "data/coco/image_files.h"
#include "data/coco/results.h"
#include "data/drawing/draw.h"
#include "data/image/image_file.h"
#include "detection/prediction/detect_image.h"
#include "detection/prediction/drawn_detections.h"
#include "detection/prediction/picture_names.h"

namespace denovo::detection {
namespace {

/// nullopt, after telling why, for a file that cannot be used.
std::optional<data::Image> read_input(const InputFile& file, const DetectFilesOptions& options) {
  try {
    if (file.height == 0) return data::read_image(file.path);
    return data::read_image_of(file.path, {file.image_id, file.name, file.width, file.height});
  } catch (const IoError& error) {
    options.on_bad_file(error.what());
    return std::nullopt;
  }
}

/// Keeps the first max_detections of the classes wanted.
void select(ImageDetections& image, const DetectFilesOptions& options) {
  const auto wanted = [&](int c) {
    return options.classes.empty() ||
           std::find(options.classes.begin(), options.classes.end(), c) != options.classes.end();
  };
  size_t kept = 0;
  for (size_t i = 0; i < image.detections.size(); ++i) {
    if (!wanted(image.classes[i]) || kept == static_cast<size_t>(options.max_detections)) continue;
    // Masks move with their storage, so the views of the detections stay valid; keypoints stay.
    image.detections[kept] = image.detections[i];
    image.classes[kept] = image.classes[i];
    if (!image.masks.empty()) std::swap(image.masks[kept], image.masks[i]);
    ++kept;
  }
  image.detections.resize(kept);
  image.classes.resize(kept);
  if (!image.masks.empty()) image.masks.resize(kept);
}

ImageDetections detect_wanted(MaskRcnn& model, const data::Image& image, int64_t image_id,
                              const DetectFilesOptions& options) {
  ImageDetections found = options.augmented
                              ? options.augmented->detect(image, image_id, options.category_ids)
                              : detect_image(model, image, image_id, options.category_ids,
                                             options.rule, options.device);
  select(found, options);
  return found;
}

/// The classes as the results number them.
std::vector<data::CocoCategory> result_categories(const DetectFilesOptions& options) {
  std::vector<data::CocoCategory> categories;
  for (size_t c = 0; c < options.categories.size(); ++c)
    if (options.category_ids[c]) {
      categories.push_back(options.categories[c]);
      categories.back().id = *options.category_ids[c];
    }
  return categories;
}

}  // namespace

DetectFilesReport detect_files(MaskRcnn& model, std::span<const InputFile> files,
                               const DetectFilesOptions& options) {
  DetectFilesReport report{.objects = std::vector<int64_t>(options.categories.size())};
  create_directories(options.out);
  AtomicFile results(options.out + "/results.json");
  JsonWriter json([&](std::string_view piece) { results.write(piece); });
  json.begin_array();
  size_t num_results = 0;
  PictureNames names;
  const std::vector<data::CocoCategory> categories = result_categories(options);
  for (size_t i = 0; i < files.size(); ++i) {
    const auto position = static_cast<int64_t>(i);
    if (std::optional<data::Image> image = read_input(files[i], options)) {
      const ImageDetections found = detect_wanted(model, *image, files[i].image_id, options);
      for (const data::Detection& detection : found.detections)
        put_result(
            detection, num_results++,
            {.masks = !detection.mask.counts.empty(), .keypoints = !detection.keypoints.empty()},
            json, files[i].name);
      data::draw_instances(*image, drawn_detections(found, categories, 0));
      const std::string name = names.name_of(files[i].path);
      data::write_image(fmt::format("{}/{}.png", options.out, name), *image);
      ++report.images;
      for (const int c : found.classes) ++report.objects[static_cast<size_t>(c)];
    } else {
      ++report.bad_files;
    }
    if (options.on_progress) options.on_progress(position + 1, static_cast<int64_t>(files.size()));
  }
  json.end_array();
  results.commit();
  return report;
}

}  // namespace denovo::detection
