// export_onnx: writes a trained detector as an ONNX file.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "apps/commands/model_options.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/program/options.h"
#include "detection/export/export_detector.h"
#include "detection/weights/detector_file.h"

namespace {

using namespace denovo;
using namespace denovo::detection;

/// "480x640": height, then width.
std::optional<data::ImageSize> image_size(const std::string& text) {
  if (text.empty()) return std::nullopt;
  constexpr int kMost = 65'500;  // a side that an image file may have
  data::ImageSize size{};
  const char* const end = text.data() + text.size();
  const auto height = std::from_chars(text.data(), end, size.height);
  if (height.ec == std::errc() && height.ptr != end && *height.ptr == 'x') {
    const auto width = std::from_chars(height.ptr + 1, end, size.width);
    if (width.ec == std::errc() && width.ptr == end && size.height > 0 && size.width > 0 &&
        size.height <= kMost && size.width <= kMost)
      return size;
  }
  throw ConfigError(fmt::format(
      "--size must be HxW, pixels from 1 to {}, such as 480x640, got '{}'", kMost, text));
}

int export_onnx(int argc, char** argv) {
  Options options("export_onnx", "Writes a trained detector as an ONNX file");
  apps::declare_model_options(options);
  // name, placeholder, meaning, default, required
  options.add({"out", "FILE", "ONNX file to create", "", true});
  options.add({"size", "HxW", "height and width of all images, after resizing; without it, any"});
  options.add({"score-threshold", "S", "lowest score of a detection; without it, the model's"});
  options.add({"max-detections", "N", "most detections per image", "100"});
  if (!options.parse(argc, argv)) return 0;
  const std::string& out = options.text("out");
  if (std::filesystem::exists(out))
    throw ConfigError(fmt::format("{}: exists; choose another --out", out));
  const auto size = image_size(options.text("size"));

  DetectorFile file(apps::model_file(options));
  TestConfig& test = file.config.model.test;
  if (options.given("score-threshold"))
    test.score_threshold = options.number("score-threshold", 0, 1);
  test.detections_per_image = static_cast<int>(options.integer("max-detections", 1, 10'000));
  const std::string bytes =
      export_detector(*file.load(kCpu), file.config.input, file.categories, size);
  replace_file(out, bytes);
  fmt::print("{}: {} classes, {:.1f} MB\n", out, file.categories.size(),
             1e-6 * static_cast<double>(bytes.size()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return denovo::run_program(argc, argv, export_onnx);
}
