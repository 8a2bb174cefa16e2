#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <sstream>

#include "core/error.h"
#include "core/files/file.h"
#include "data/convert/export_files.h"
#include "data/convert/formats.h"
#include "data/convert/xml.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

struct YoloFolders {
  std::string images, labels;
};

/// Where images and labels are, in the layouts that tools write.
YoloFolders folders_of(const ConversionSource& source) {
  const std::string& in = source.in;
  const std::string tail = source.split.empty() ? "" : "/" + source.split;
  std::vector<YoloFolders> layouts = {{in + "/images" + tail, in + "/labels" + tail}};
  if (!tail.empty()) {
    layouts.push_back({in + tail + "/images", in + tail + "/labels"});
    layouts.push_back({in + tail, in + tail});
  } else {
    layouts.push_back({in, in});
  }
  for (YoloFolders& layout : layouts) {
    if (!is_folder(layout.labels)) continue;
    if (!source.images.empty()) layout.images = source.images;
    return layout;
  }
  throw IoError(fmt::format(
      "{}: must hold labels{}, {}", in, tail,
      tail.empty() ? "or texts beside their images" : "or " + source.split + "/labels"));
}

/// `names` of a data.yaml: a list, or a map from numbers.
std::vector<std::string> names_of_yaml(const std::string& path) {
  std::vector<std::string> names;
  try {
    const YAML::Node node = YAML::Load(read_file(path))["names"];
    if (!node || node.IsScalar()) return {};
    for (size_t i = 0; i < node.size(); ++i)
      names.push_back(node[node.IsMap() ? static_cast<int>(i) : i].as<std::string>());
  } catch (const YAML::Exception& error) {
    throw IoError(fmt::format("{}: must list class names under 'names', in order from 0: {}", path,
                              error.what()));
  }
  return names;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> class_names(const ConversionSource& source, const YoloFolders& folders) {
  for (const std::string& folder : {source.in, folders.labels, folders.images}) {
    for (const char* name : {"/classes.txt", "/obj.names"}) {
      if (exists(folder + name)) return lines_of(folder + name);
    }
    if (exists(folder + "/data.yaml")) return names_of_yaml(folder + "/data.yaml");
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".yaml") && !path.ends_with(".yml")) continue;
      std::vector<std::string> names = names_of_yaml(path);
      if (!names.empty()) return names;
    }
  }
  throw IoError(
      fmt::format("{}: must name its classes in data.yaml, classes.txt or obj.names", source.in));
}

class YoloReader {
 public:
  YoloReader(const YoloFolders& folders, std::vector<std::string> names, Conversion& into)
      : folders_(folders), names_(std::move(names)), into_(into) {}

  void read(const std::string& file) {
    const std::optional<int> image = into_.add_image(file);
    const std::string path =
        folders_.labels + "/" + fs::path(file).replace_extension(".txt").string();
    if (!image || !exists(path)) return;
    std::istringstream lines(read_file(path));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      read_line(line, *image, fmt::format("{}, line {}", path, number));
    }
  }

 private:
  void read_line(const std::string& line, int image, const std::string& where) {
    std::vector<double> numbers;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const auto number = number_in(word);
      if (!number) return into_.drop(where, fmt::format("must be numbers, got '{}'", word));
      numbers.push_back(*number);
    }
    const bool box = numbers.size() == 5;
    if (!box && (numbers.size() < 7 || numbers.size() % 2 == 0))
      return into_.drop(where, fmt::format("must be a class and a box of four numbers or a polygon "
                                           "of three corners or more, got {} numbers",
                                           numbers.size()));
    const double index = numbers[0];
    if (!(index >= 0 && index < static_cast<double>(names_.size())) ||
        index != static_cast<double>(static_cast<int>(index)))
      return into_.drop(where,
                        fmt::format("class must be 0 to {}, got {}", names_.size() - 1, index));
    const std::string& label = names_[static_cast<size_t>(index)];
    const ImageSize size = into_.size_of(image);
    for (size_t i = 1; i < numbers.size(); ++i) numbers[i] *= i % 2 ? size.width : size.height;
    numbers.erase(numbers.begin());
    if (!box) return into_.add_polygons(image, label, {numbers}, where);
    const double width = numbers[2], height = numbers[3];
    into_.add_box(image, label, {numbers[0] - width / 2, numbers[1] - height / 2, width, height},
                  where);
  }

  const YoloFolders& folders_;
  const std::vector<std::string> names_;
  Conversion& into_;
};

}  // namespace

Conversion convert_yolo(const ConversionSource& source) {
  const YoloFolders folders = folders_of(source);
  const std::vector<std::string> names = class_names(source, folders);
  // All classes that the export names keep their order, with or without objects.
  Conversion conversion(folders.images, source.classes.empty() ? names : source.classes);
  YoloReader reader(folders, names, conversion);
  std::vector<std::string> images;
  for (const char* ending : {".jpg", ".jpeg", ".png"}) {
    const std::vector<std::string> found = files_below(folders.images, ending);
    images.insert(images.end(), found.begin(), found.end());
  }
  std::sort(images.begin(), images.end());
  if (images.empty())
    throw IoError(fmt::format("{}: holds no .jpg, .jpeg or .png", folders.images));
  for (const std::string& image : images) reader.read(image);
  return conversion;
}

}  // namespace denovo::data
