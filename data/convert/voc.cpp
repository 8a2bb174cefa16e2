#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/error.h"
#include "core/files/base_name.h"
#include "core/files/file.h"
#include "data/convert/export_files.h"
#include "data/convert/formats.h"
#include "data/convert/xml.h"
#include "data/image/image_file.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

struct VocFolders {
  std::string annotations, images, objects;  // objects: SegmentationObject, or ""
};

VocFolders folders_of(const ConversionSource& source) {
  VocFolders folders;
  const bool devkit = is_folder(source.in + "/Annotations");
  folders.annotations = devkit ? source.in + "/Annotations" : source.in;
  folders.images = devkit ? source.in + "/JPEGImages" : source.in;
  if (is_folder(source.in + "/SegmentationObject"))
    folders.objects = source.in + "/SegmentationObject";
  if (!source.images.empty()) folders.images = source.images;
  return folders;
}

/// The annotation files of a split, relative to their folder.
std::vector<std::string> annotation_files(const ConversionSource& source,
                                          const VocFolders& folders) {
  if (source.split.empty()) return files_below(folders.annotations, ".xml");
  std::string list = fmt::format("{}/ImageSets/Main/{}.txt", source.in, source.split);
  const std::string segmentation =
      fmt::format("{}/ImageSets/Segmentation/{}.txt", source.in, source.split);
  std::error_code ignored;
  if (!fs::exists(list, ignored) && fs::exists(segmentation, ignored)) list = segmentation;
  std::istringstream lines(read_file(list));
  std::vector<std::string> files;
  for (std::string line; std::getline(lines, line);) {
    std::string id;
    std::istringstream(line) >> id;  // lists of one class have -1, 0 or 1 behind the id
    if (!id.empty()) files.push_back(id + ".xml");
  }
  return files;
}

/// Colour i of the palette of VOC's segmentations: bits 0, 3, 6, … of i are the upper bits of red,
/// 1, 4, … of green, 2, 5, … of blue.
uint32_t voc_colour(uint32_t i) {
  uint32_t rgb[3] = {0, 0, 0};
  for (int bit = 7; i != 0; i >>= 3, --bit) {
    for (uint32_t channel = 0; channel < 3; ++channel) rgb[channel] |= ((i >> channel) & 1) << bit;
  }
  return rgb[0] << 16 | rgb[1] << 8 | rgb[2];
}

/// The mask of object `number`, counted from 1.
Rle object_mask(const Image& objects, int number) {
  const uint32_t colour = voc_colour(static_cast<uint32_t>(number));
  std::vector<uint8_t> mask(static_cast<size_t>(objects.height) *
                            static_cast<size_t>(objects.width));
  for (size_t i = 0; i < mask.size(); ++i) {
    const uint8_t* p = objects.rgb.data() + 3 * i;
    mask[i] = (uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2]) == colour;
  }
  return rle_encode(mask.data(), objects.height, objects.width, MaskOrder::kRowMajor);
}

/// Corners counted from 1, both inside, as x, y, width, height.
std::optional<std::array<double, 4>> box_of(const pugi::xml_node& node) {
  std::array<double, 4> corners{};
  const char* names[] = {"xmin", "ymin", "xmax", "ymax"};
  for (size_t i = 0; i < 4; ++i) {
    const auto number = number_in(node.child("bndbox").child_value(names[i]));
    if (!number) return {};
    corners[i] = *number;
  }
  return std::array{corners[0] - 1, corners[1] - 1, corners[2] - corners[0] + 1,
                    corners[3] - corners[1] + 1};
}

/// Whether the mask's own box and the object's share more than half of what they cover: colours
/// that do not follow the order of the objects would give one object the mask of another.
bool fits(const Rle& mask, const std::array<double, 4>& box) {
  const RleBox own = rle_bounding_box(mask);
  const auto overlap = [](double a, double length_a, double b, double length_b) {
    return std::max(0.0, std::min(a + length_a, b + length_b) - std::max(a, b));
  };
  const double both =
      overlap(own.x, own.width, box[0], box[2]) * overlap(own.y, own.height, box[1], box[3]);
  return 2 * both > own.width * own.height + box[2] * box[3] - both;
}

class VocReader {
 public:
  VocReader(const VocFolders& folders, Conversion& into) : folders_(folders), into_(into) {}

  void read(const std::string& file) {
    pugi::xml_document document;
    const std::string path = folders_.annotations + "/" + file;
    const pugi::xml_node root = read_xml(path, "annotation", document);
    const std::string name(base_name(root.child_value("filename")));
    const std::string stem = fs::path(file).stem().string();
    const pugi::xml_node size = root.child("size");
    const auto pixels = [&](const char* side) {
      return static_cast<int>(std::clamp(number_in(size.child_value(side)).value_or(0), 0.0, 1e6));
    };
    const std::optional<int> image =
        into_.add_image(image_named(folders_.images, name.empty() ? stem + ".jpg" : name),
                        {pixels("height"), pixels("width")});
    if (!image) return;
    const Image objects = segmentation(stem, *image);
    int number = 0;
    for (const pugi::xml_node object : root.children("object")) {
      const std::string where = fmt::format("{}, object {}", path, ++number);
      const auto box = box_of(object);
      const std::string label = object.child_value("name");
      const bool difficult = number_in(object.child_value("difficult")).value_or(0) != 0;
      Rle mask;
      if (objects.height > 0) mask = object_mask(objects, number);
      if (box && rle_area(mask) > 0 && !fits(mask, *box)) {
        into_.drop(where + ", mask", "lies elsewhere than the object's box");
        mask = {};
      }
      if (!box)
        into_.drop(where, "has no bndbox of four numbers");
      else if (rle_area(mask) > 0)
        into_.add_mask(*image, label, std::move(mask), where, box, difficult);
      else
        into_.add_box(*image, label, *box, where, difficult);
    }
  }

 private:
  /// SegmentationObject of the image; empty where it has none.
  Image segmentation(const std::string& stem, int image) {
    const std::string path = folders_.objects + "/" + stem + ".png";
    std::error_code ignored;
    if (folders_.objects.empty() || !fs::exists(path, ignored)) return {};
    Image objects = read_image(path);
    if (ImageSize{objects.height, objects.width} == into_.size_of(image)) return objects;
    into_.drop(path, "has another size than its image");
    return {};
  }

  const VocFolders& folders_;
  Conversion& into_;
};

}  // namespace

Conversion convert_voc(const ConversionSource& source) {
  const VocFolders folders = folders_of(source);
  Conversion conversion(folders.images, source.classes);
  VocReader reader(folders, conversion);
  const std::vector<std::string> files = annotation_files(source, folders);
  if (files.empty())
    throw IoError(fmt::format("{}: holds no .xml of PASCAL VOC", folders.annotations));
  for (const std::string& file : files) reader.read(file);
  return conversion;
}

}  // namespace denovo::data
