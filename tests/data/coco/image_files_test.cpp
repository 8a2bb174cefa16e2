#include "data/coco/image_files.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "data/image/image_file.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::data;
using denovo::testing::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

const std::string kTurned = DENOVO_TEST_DATA "/data_files/image/orientation_6.jpg";  // 18 x 13

/// A folder "in" of images beside the JSON, and images that are described one by one.
class Place : public TemporaryDirectory {
 public:
  Place() { fs::create_directories(*this / "in/sub"); }
  void add_image(const std::string& name, int width, int height) const {
    write_image(*this / name, Image(height, width));
  }
  /// Image 0, 1, … has id 10, 11, …
  void describe(const std::string& file_name, int width, int height) {
    images_ += fmt::format(R"({}{{"id":{},"file_name":"{}","width":{},"height":{}}})",
                           images_.empty() ? "" : ",", 10 + count_++, file_name, width, height);
    std::ofstream(*this / "a.json")
        << R"({"annotations":[],"categories":[],"images":[)" << images_ << "]}";
    dataset_ = read_coco(*this / "a.json");
  }
  ImageFiles files(bool allow_parent_folders = false) const {
    return {dataset_, *this / "in", allow_parent_folders};
  }
  std::vector<ImageFault> look(Look depth) const {
    return files().look(first_images(dataset_), depth);
  }

 private:
  CocoDataset dataset_;
  std::string images_;
  int count_ = 0;
};

std::string refusal(const ImageFiles& files, int image) {
  try {
    files.read(image);
  } catch (const IoError& error) {
    return error.what();
  }
  return "read";
}

}  // namespace

TEST_CASE("ImageFiles: names hang on the folder, absolute ones stand alone") {
  Place place;
  place.add_image("in/sub/a.png", 6, 4);
  place.add_image("elsewhere.png", 5, 3);
  place.describe("sub/a.png", 6, 4);
  place.describe("sub/../sub/./a.png", 6, 4);
  place.describe(place / "elsewhere.png", 5, 3);
  place.describe("/nowhere/b.png", 5, 3);
  const ImageFiles files = place.files();
  CHECK(files.path(0) == place / "in/sub/a.png");
  CHECK(files.path(2) == place / "elsewhere.png");
  CHECK(files.read(1).width == 6);
  CHECK(files.read(2).width == 5);
  const auto faults = place.look(Look::kPixels);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].image == 3);
  CHECK(faults[0].kind == DefectKind::kMissingFile);
  CHECK(faults[0].sentence == "/nowhere/b.png: image 13 of " + (place / "a.json") + " must exist");
}

TEST_CASE("ImageFiles: a name that leaves the folder is refused unless allowed, a NUL always") {
  Place place;
  place.add_image("out.png", 6, 4);
  place.describe("../out.png", 6, 4);
  place.describe("sub/../../out.png", 6, 4);
  place.describe("out.png\\u0000.png", 6, 4);
  CHECK(refusal(place.files(), 0) ==
        (place / "a.json") +
            ": image 10: file_name must name a file in the folder of images, got \"../out.png\", "
            "which leaves it; data.allow_parent_folders=true allows that");
  CHECK(refusal(place.files(), 1).find("sub/../../out.png") != std::string::npos);
  const auto faults = place.look(Look::kHeader);
  REQUIRE(faults.size() == 3);
  for (const ImageFault& fault : faults) CHECK(fault.kind == DefectKind::kBadFileName);
  CHECK(place.files(true).read(0).width == 6);
  CHECK(place.files(true).read(1).width == 6);
  CHECK(refusal(place.files(true), 2).ends_with("got \"out.png\\x00.png\", with a NUL") == true);
}

TEST_CASE("ImageFiles: width and height are those of the displayed image") {
  Place place;
  fs::copy(kTurned, place / "in/turned.jpg");
  place.describe("turned.jpg", 13, 18);
  place.describe("turned.jpg", 18, 13);
  const Image image = place.files().read(0);
  CHECK(image.width == 13);
  CHECK(image == read_image(kTurned));
  CHECK(image != read_image(kTurned, {.apply_orientation = false, .limits = {}}));
  const std::string sentence =
      (place / "in/turned.jpg") +
      ": image 11: width and height must be those of the decoded file, got 18 x 13 for a file of "
      "13 x 18 (stored as 18 x 13, which EXIF orientation 6 turns)";
  CHECK(refusal(place.files(), 1) == sentence);
  for (const Look depth : {Look::kHeader, Look::kPixels}) {
    const auto faults = place.look(depth);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].image == 1);
    CHECK(faults[0].kind == DefectKind::kSizeMismatch);
    CHECK(faults[0].sentence == sentence);
  }
}

TEST_CASE("ImageFiles: content decides what a file is, and others are named") {
  Place place;
  place.add_image("in/b.png", 6, 4);
  fs::rename(place / "in/b.png", place / "in/b.jpg");
  std::ofstream(place / "in/c.png") << "RIFF1234WEBPVP8 ";
  place.describe("b.jpg", 6, 4);
  place.describe("c.png", 6, 4);
  CHECK(place.files().read(0).width == 6);
  const auto faults = place.look(Look::kHeader);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].kind == DefectKind::kUnreadableImage);
  CHECK(faults[0].sentence == (place / "in/c.png") + ": is a WebP file; convert it to PNG or JPEG");
}

TEST_CASE("ImageFiles: what only decoding finds is found by looking at the pixels") {
  Place place;
  const std::string path = place / "in/a.jpg";
  write_image(path, Image(40, 60));
  fs::resize_file(path, fs::file_size(path) - 4);
  place.describe("a.jpg", 60, 40);
  CHECK(place.look(Look::kHeader).empty());
  REQUIRE(place.look(Look::kPixels).size() == 1);
  CHECK(place.look(Look::kPixels)[0].sentence.starts_with(path + ": damaged or unsupported JPEG"));
}

TEST_CASE("ImageFiles: looking stops when it is told to, and reports in the order asked for") {
  Place place;
  for (const char* name : {"a.png", "b.png", "c.png"}) place.describe(name, 6, 4);
  const std::vector<int> order{2, 0};
  const auto faults = place.files().look(order, Look::kHeader);
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].image == 2);
  CHECK(summary(faults, 3) == (place / "in/c.png") + ": image 12 of " + (place / "a.json") +
                                  " must exist; 2 of 3 image files are missing");
  int calls = 0;
  place.files().look(order, Look::kPixels, [&](int64_t) { return ++calls < 0; });
  CHECK(calls <= 1);
}
