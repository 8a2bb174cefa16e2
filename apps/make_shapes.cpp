// make_shapes: writes the generated data set on which everything runs offline (data/shapes).
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "core/kernels/backend.h"
#include "core/log/progress.h"
#include "core/program/options.h"
#include "data/shapes/shapes_folder.h"

namespace {

using denovo::data::ShapesOptions;
using denovo::data::ShapesSummary;

void print_split(const char* name, const ShapesSummary& summary) {
  const auto share = [&](int range) {
    return 100.0 * static_cast<double>(summary.objects_by_range[range]) /
           static_cast<double>(summary.objects);
  };
  fmt::print("{:<6}{:>8}{:>9}{:>8}{:>10.1f} %{:>8.1f} %{:>8.1f} %\n", name, summary.images,
             summary.objects, summary.crowds, share(0), share(1), share(2));
}

int make_shapes(int argc, char** argv) {
  denovo::Options options("make_shapes",
                          "Draws a COCO-format data set of textured shapes and a classification "
                          "folder; the same options give the same bytes");
  const ShapesOptions defaults;
  const auto number = [](int value) { return fmt::format("{}", value); };
  options.add({.name = "out", .value = "DIR", .meaning = "folder to create", .required = true});
  // name, placeholder, meaning, default
  options.add({"images", "N", "training images", number(defaults.num_train)});
  options.add({"val", "N", "validation images", number(defaults.num_val)});
  options.add({"size", "PX", "short side of an image", number(defaults.size)});
  options.add({"classes", "N", "classes to find, of ten the first", number(defaults.num_classes)});
  options.add({"no-small", "", "objects of medium and large size alone"});
  options.add({"classification", "N",
               "training images of the classification folder (an eighth as many for validation); "
               "0 = none",
               number(defaults.num_classification)});
  options.add({"crops", "",
               "also write crops of the detection pictures' own objects, a folder per class: a "
               "control for studies of pre-training"});
  options.add({"keypoints", "",
               "also write the corners of squares, triangles, stars and crosses as keypoints"});
  if (!options.parse(argc, argv)) return 0;

  ShapesOptions shapes;
  shapes.num_train = static_cast<int>(options.integer("images", 1, 999'999));
  shapes.num_val = static_cast<int>(options.integer("val", 1, 999'999));
  shapes.size = static_cast<int>(options.integer("size", 64, 1024));
  shapes.num_classes = static_cast<int>(options.integer("classes", 1, 10));
  shapes.small_objects = !options.given("no-small");
  shapes.num_classification = static_cast<int>(options.integer("classification", 0, 999'999));
  shapes.crops = options.given("crops");
  shapes.keypoints = options.given("keypoints");
  if (options.given("seed")) {
    shapes.seed = static_cast<uint64_t>(options.integer("seed", 0, INT64_MAX));
  }
  const std::string& out = options.text("out");
  const auto threads = static_cast<int>(options.integer("threads", 0, 4096));
  if (threads > 0) denovo::cpu_context().set_num_threads(threads);
  denovo::Logger logger(options.given("quiet"));
  std::optional<denovo::Progress> progress;
  const auto report =
      denovo::data::write_shapes_folder(out, shapes, [&](int64_t done, int64_t total) {
        if (!progress)
          progress.emplace(logger, "drawing", total, denovo::ProgressOptions{.unit = "images"});
        progress->update(done);
      });
  if (report.was_there) {
    fmt::print("{} already holds these data\n", out);
    return 0;
  }
  fmt::print("{:<6}{:>8}{:>9}{:>8}{:>12}{:>10}{:>10}\n", "split", "images", "objects", "crowds",
             "small", "medium", "large");
  print_split("train", report.train);
  print_split("val", report.val);
  fmt::print("classification: {} images\n", report.classification_images);
  if (shapes.crops) fmt::print("crops: {} images\n", report.crops);
  fmt::print("written to {}\n", out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, make_shapes);
}
