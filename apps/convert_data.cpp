// convert_data: exports of annotation tools as COCO JSON.
#include <fmt/format.h>

#include "core/files/atomic_write.h"
#include "core/log/logger.h"
#include "core/program/options.h"
#include "data/convert/formats.h"

namespace {

using namespace denovo;

constexpr size_t kLinesShown = 20;

int convert(int argc, char** argv) {
  Options options("convert_data", "Turns an annotation tool's export into COCO JSON");
  options.add({.name = "from",
               .value = "FORMAT",
               .meaning = "voc, yolo, labelme, via or cvat",
               .required = true});
  options.add({.name = "in", .value = "PATH", .meaning = "the export", .required = true});
  options.add(
      {.name = "out", .value = "F.json", .meaning = "COCO JSON to write", .required = true});
  options.add({.name = "images",
               .value = "DIR",
               .meaning = "folder of its images, if not where the format keeps them"});
  options.add({.name = "split",
               .value = "NAME",
               .meaning = "this part only: ImageSets/Main/NAME.txt (voc), images/NAME (yolo)"});
  options.add({.name = "classes",
               .value = "A,B,...",
               .meaning = "these classes, in this order; others are dropped"});
  options.add({.name = "attribute",
               .value = "NAME",
               .meaning = "the attribute of a region that is its class (via)"});
  options.add({.name = "dropped", .value = "FILE", .meaning = "also list all that was dropped"});
  if (!options.parse(argc, argv)) return 0;
  const auto given = [&](const char* name) {
    return options.given(name) ? options.text(name) : std::string();
  };
  const data::Conversion conversion = data::convert_export(
      options.text("from"), {.in = options.text("in"),
                             .images = given("images"),
                             .split = given("split"),
                             .attribute = given("attribute"),
                             .classes = options.given("classes") ? options.comma_list("classes")
                                                                 : std::vector<std::string>()});
  Logger logger(options.given("quiet"));
  const std::vector<std::string>& dropped = conversion.dropped();
  for (size_t i = 0; i < dropped.size() && i < kLinesShown; ++i)
    logger.warn("dropped " + dropped[i]);
  if (dropped.size() > kLinesShown)
    logger.warn(
        fmt::format("dropped {} more, --dropped FILE lists them", dropped.size() - kLinesShown));
  replace_file(options.text("out"), conversion.coco_json());
  if (options.given("dropped")) {
    std::string lines;
    for (const std::string& line : dropped) lines += line + "\n";
    replace_file(options.text("dropped"), lines);
  }
  fmt::print("{}: images: {} in {}, objects: {}, classes: {}, dropped: {}\n", options.text("out"),
             conversion.images().size(), conversion.images_folder(), conversion.objects().size(),
             conversion.classes().size(), dropped.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, convert);
}
