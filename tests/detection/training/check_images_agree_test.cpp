// check_data and training decide alike about the files of images, on random damaged folders.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/error.h"
#include "data/coco/check_dataset.h"
#include "data/image/image_file.h"
#include "detection/training/training_batches.h"
#include "testing/draw.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::testing::Draw;

namespace {

constexpr int kFolders = 200, kWidth = 40, kHeight = 24;

enum Picture { kSound, kMissing, kCut, kWebp, kSize, kParent, kFifo, kEmpty, kNumPictures };

void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Noise, so that a part of the file is a part of the picture.
std::vector<uint8_t> jpeg(Draw& draw) {
  data::Image image(kHeight, kWidth);
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(draw.below(256));
  return data::encode_jpeg(image, 95);
}

std::string make_picture(Picture picture, int index, const std::string& folder, Draw& draw) {
  std::string name = fmt::format("{}.jpg", index);
  const std::string path = folder + "/" + name;
  const std::vector<uint8_t> bytes = jpeg(draw);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  switch (picture) {
    case kMissing:
      break;
    case kCut:
      write_text(path, text.substr(0, text.size() * 3 / 4));
      break;
    case kWebp:
      write_text(path, std::string_view("RIFF\x10\0\0\0WEBPVP8 ", 16));
      break;
    case kSize:
      data::write_image(path, data::Image(kHeight, kWidth - 1));
      break;
    case kParent:
      write_text(path, text);
      name = "../" + name;
      break;
    case kFifo:
      mkfifo(path.c_str(), 0600);
      break;
    case kEmpty:
      write_text(path, "");
      break;
    default:
      write_text(path, text);
  }
  return name;
}

/// A data set of three to eight images, each with its picture and no, one, or a crowd's annotation.
class Folder : public denovo::testing::TemporaryDirectory {
 public:
  explicit Folder(uint64_t seed) {
    Draw draw(seed);
    const int bad_of_8 = draw.below(9);
    std::string images, annotations;
    const int count = 3 + draw.below(6);
    for (int i = 0; i < count; ++i) {
      const auto picture =
          draw.below(8) < bad_of_8 ? static_cast<Picture>(draw.below(kNumPictures)) : kSound;
      images += fmt::format(R"({}{{"id": {}, "file_name": "{}", "width": {}, "height": {}}})",
                            i ? ", " : "", i + 1, make_picture(picture, i, *this / "", draw),
                            kWidth, kHeight);
      const int kind = draw.below(4);
      if (kind == 0) continue;
      annotations += fmt::format(
          R"({}{{"id": {}, "image_id": {}, "category_id": 1, "iscrowd": {},)"
          R"( "bbox": [1, 2, 20, 10], "segmentation": [[1, 2, 21, 2, 21, 12, 1, 12]]}})",
          annotations.empty() ? "" : ", ", i + 1, i + 1, kind == 1 ? 1 : 0);
    }
    write_text(*this / "a.json", fmt::format(R"({{"images": [{}], "annotations": [{}],)"
                                             R"( "categories": [{{"id": 1, "name": "x"}}]}})",
                                             images, annotations));
    config.data.train_annotations = *this / "a.json";
    config.data.train_images = *this / "";
    config.data.on_bad_image = draw.below(2) ? data::OnBadImage::kSkip : data::OnBadImage::kStop;
    config.data.keep_empty_images = draw.below(2) == 1;
    config.data.max_train_images = draw.below(3) ? 0 : 2;
  }

  TrainConfig config;
};

/// What training says before its first step; empty when it starts, with these images.
std::string training_says(const TrainConfig& config, std::vector<int>& images) {
  Logger quiet(true);
  try {
    TrainingBatches batches(config);
    batches.look(quiet, ProcessGroup::alone());
    images = batches.view().images;
    return "";
  } catch (const IoError& error) {
    return error.what();
  }
}

bool readable(const data::ImageFiles& files, int image) {
  try {
    files.read(image);
    return true;
  } catch (const IoError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("check_dataset: of images it says what training does, in its words") {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < kFolders; ++seed) {
    INFO("folder ", seed);
    const Folder folder(seed);
    const TrainConfig& config = folder.config;
    std::vector<int> images;
    const std::string training = training_says(config, images);

    const data::CocoDataset dataset =
        data::read_coco(config.data.train_annotations, data::StructuralDefects::kCollect);
    const data::ImageFiles files(dataset, config.data.train_images);
    const bool skip = config.data.skip_bad_images();
    const data::CheckReport report =
        data::check_dataset(files, {.training = config.training_filter(), .skip_bad_images = skip});
    CHECK(report.refusal == training);
    ++seen[!training.empty() ? "refuse" : report.end.empty() ? "start" : "end"];
    if (!training.empty()) continue;

    const auto bad = std::count_if(images.begin(), images.end(),
                                   [&](int image) { return !readable(files, image); });
    CHECK(report.end.empty() == (bad == 0 || (skip && bad < std::ssize(images))));
    CHECK(report.trainable() == report.end.empty());
    seen["left out"] += images.size() < report.view.images.size();
    seen["unused"] += report.count(data::DefectKind::kUnusedImage) > 0;
  }
  // Of everything some, or the test says little.
  for (const char* const what : {"refuse", "start", "end", "left out", "unused"})
    CHECK_MESSAGE(seen[what] >= 10, what, " ", seen[what]);
}
