#include "data/classification/classification_loader.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "core/error.h"
#include "data/classification/crop.h"
#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;
namespace fs = std::filesystem;

namespace {

/// Classes "ant", "bee" and "cat" with 4, 3 and 5 images whose pixels all hold 20 * class + image.
struct SmallFolder {
  fs::path root = fs::temp_directory_path() /
                  fmt::format("denovo_folder_{}_{}", getpid(), reinterpret_cast<uintptr_t>(this));
  SmallFolder() {
    const std::pair<const char*, int> classes[] = {{"cat", 5}, {"ant", 4}, {"bee", 3}};
    int index = 0;
    for (const auto& [name, count] : classes) {
      fs::create_directories(root / name);
      for (int i = 0; i < count; ++i) {
        Image image(20 + i, 30 - i);
        for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(20 * index + i);
        write_image((root / name / fmt::format("{}.png", i)).string(), image);
      }
      ++index;
    }
  }
  ~SmallFolder() { fs::remove_all(root); }
  std::string path(const std::string& name) const { return (root / name).string(); }
};

ClassificationOptions small_options(int threads) {
  return {.size = 16, .images_per_batch = 6, .threads = threads, .seed = 3};
}

std::vector<int> content(const ClassificationBatch& batch) {
  std::vector<int> all = batch.images.to_vector<int>();
  for (const Tensor& tensor : {batch.labels, batch.image_ids}) {
    for (const int value : tensor.to_vector<int>()) all.push_back(value);
  }
  return all;
}

}  // namespace

TEST_CASE("read_image_folder: classes are sorted folders, hidden names and other files ignored") {
  const SmallFolder small;
  fs::create_directories(small.root / ".cache");
  write_bytes(small.path("cat/notes.txt"), {});
  fs::rename(small.path("cat/4.png"), small.path("cat/4.JPEG"));
  const ImageFolder folder = read_image_folder(small.root.string());
  CHECK(folder.classes == std::vector<std::string>{"ant", "bee", "cat"});
  CHECK(folder.images.size() == 12);
  CHECK(folder.images[0].path == small.path("ant/0.png"));
  CHECK(folder.images[11].path == small.path("cat/4.JPEG"));
  CHECK(folder.images[11].label == 2);
}

TEST_CASE("read_image_folder: names what is wrong") {
  const SmallFolder small;
  CHECK_THROWS_WITH_AS(
      read_image_folder(small.path("nothing")),
      (small.path("nothing") + ": cannot be listed: No such file or directory").c_str(), IoError);
  CHECK_THROWS_WITH_AS(
      read_image_folder(small.path("ant")),
      (small.path("ant") + ": must hold a folder for each class, got none").c_str(), IoError);
  const std::vector<std::string> classes = {"ant", "bee"};
  CHECK_THROWS_WITH_AS(
      read_image_folder(small.root.string(), &classes),
      (small.root.string() + ": class cat is not among the 2 classes of training").c_str(),
      IoError);
  fs::create_directories(small.root / "empty");
  CHECK_THROWS_WITH_AS(
      read_image_folder(small.root.string()),
      (small.path("empty") + ": must hold .jpg, .jpeg or .png files, got none").c_str(), IoError);
}

TEST_CASE("random_crop: windows lie inside, with the areas and aspects asked for") {
  double smallest = 1, largest = 0;
  for (uint32_t i = 0; i < 500; ++i) {
    const CropWindow w = random_crop({1, RandomPurpose::kTest, 0, i}, {90, 120}, 0.25f);
    CHECK(w.top >= 0);
    CHECK(w.left >= 0);
    CHECK(w.top + w.height <= 90);
    CHECK(w.left + w.width <= 120);
    const double area = w.height * w.width / (90.0 * 120), aspect = double(w.width) / w.height;
    CHECK(aspect > 0.72);
    CHECK(aspect < 1.39);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
  }
  CHECK(smallest > 0.23);
  CHECK(smallest < 0.3);
  CHECK(largest > 0.85);
  CHECK(random_crop({1, RandomPurpose::kTest, 0, 0}, {10, 1000}, 0.9f) ==
        CropWindow{0, 493, 10, 13});
}

TEST_CASE("centre_crop: byte-equal to torchvision, up and down, wide and high") {
  const std::string folder = DENOVO_TEST_DATA "/data_files/image/";
  const Image wide = read_image(folder + "rgb.png");
  const Image high = apply_orientation(wide, 5);
  for (const int size : {8, 21}) {
    CAPTURE(size);
    CHECK(centre_crop(wide, size).rgb ==
          read_bytes(folder + fmt::format("centre_wide_{}.rgb", size)));
    CHECK(centre_crop(high, size).rgb ==
          read_bytes(folder + fmt::format("centre_high_{}.rgb", size)));
  }
}

TEST_CASE("ClassificationTrainLoader: the same batches on any threads, and from any iteration") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  std::vector<std::vector<int>> expected;
  ClassificationTrainLoader straight(folder, small_options(0));
  for (int i = 0; i < 8; ++i) expected.push_back(content(straight.next()));
  CHECK(expected[0] != expected[2]);
  for (const int threads : {1, 3}) {
    ClassificationTrainLoader loader(folder, small_options(threads), 3);
    for (int i = 3; i < 8; ++i) CHECK(content(loader.next()) == expected[i]);
  }
}

TEST_CASE("ClassificationTrainLoader: an epoch shows every image once, labels belong to pixels") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  ClassificationTrainLoader loader(folder, small_options(1));
  std::multiset<int64_t> seen;
  for (int i = 0; i < 2; ++i) {
    const ClassificationBatch batch = loader.next();
    CHECK(batch.images.shape() == Shape{6, 16, 16, 3});
    for (int64_t n = 0; n < 6; ++n) {
      seen.insert(batch.image_ids.data<int64_t>()[n]);
      const int pixel = batch.images.data<uint8_t>()[n * 16 * 16 * 3];
      constexpr int kLabelOf[] = {2, 0, 1};  // in the order of drawing: cat, ant, bee
      CHECK(batch.labels.data<int32_t>()[n] == kLabelOf[pixel / 20]);
    }
  }
  CHECK(seen.size() == 12);
  CHECK(std::set<int64_t>(seen.begin(), seen.end()).size() == 12);
}

TEST_CASE("ClassificationTrainLoader: colours are drawn for each image and epoch") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  ClassificationOptions options = small_options(1);
  ClassificationTrainLoader plain(folder, options);
  options.jitter.brightness = 0.5f;
  ClassificationTrainLoader bright(folder, options);
  for (uint32_t i = 0; i < 4; ++i) {  // two epochs of two batches
    const ClassificationBatch a = plain.next(), b = bright.next();
    for (int64_t n = 0; n < 6; ++n) {
      const auto id = static_cast<uint32_t>(b.image_ids.data<int64_t>()[n]);
      const RandomStream stream{options.seed, RandomPurpose::kAugment, i / 2, id};
      const float expected =
          a.images.data<uint8_t>()[n * 16 * 16 * 3] * stream.uniform(42, 0.5f, 1.5f);
      CHECK(b.images.data<uint8_t>()[n * 16 * 16 * 3] == static_cast<int>(expected));
    }
  }
}

TEST_CASE("ClassificationTrainLoader: parts cut the same iterations") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  ClassificationTrainLoader whole(folder, small_options(0));
  ClassificationOptions options = small_options(0);
  options.num_parts = 2;
  ClassificationTrainLoader first(folder, options, 0, 0, 2), second(folder, options, 0, 1, 2);
  for (int i = 0; i < 5; ++i) {
    std::vector<int> ids = first.next().image_ids.to_vector<int>();
    for (const int id : second.next().image_ids.to_vector<int>()) ids.push_back(id);
    CHECK(ids == whole.next().image_ids.to_vector<int>());
  }
}

TEST_CASE("ClassificationTrainLoader: a bad image is named, or replaced by the next and counted") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  write_bytes(small.path("bee/1.png"), std::vector<uint8_t>{0});
  ClassificationTrainLoader strict(folder, small_options(0));
  CHECK_THROWS_AS((strict.next(), strict.next()), IoError);
  ClassificationOptions options = small_options(0);
  options.skip_bad_images = true;
  ClassificationTrainLoader lenient(folder, options);
  lenient.next();
  lenient.next();
  CHECK(lenient.images().num_substitutions() == 1);
  REQUIRE(lenient.images().bad_images().size() == 1);
  CHECK(lenient.images().bad_images()[0].find("bee/1.png: is a zero-filled") != std::string::npos);
}

TEST_CASE("ClassificationEvalLoader: a bad image is named, or left out") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  for (const char* name : {"bee/1.png", "cat/0.png", "cat/1.png"})  // images 5, 7 and 8
    write_bytes(small.path(name), std::vector<uint8_t>{0});
  ClassificationOptions options = small_options(0);
  options.images_per_batch = 2;
  options.skip_bad_images = true;
  ClassificationEvalLoader lenient(folder, options);
  std::vector<std::vector<int64_t>> ids;
  while (const auto batch = lenient.next()) {
    ids.push_back(batch->image_ids.to_vector<int64_t>());
    CHECK(batch->images.shape() == Shape{batch->count(), 16, 16, 3});
    CHECK(batch->labels.size(0) == batch->count());
  }
  CHECK(ids == std::vector<std::vector<int64_t>>{{0, 1}, {2, 3}, {4}, {6}, {9}, {10, 11}});
  CHECK(lenient.images().bad_images().size() == 3);
  options.skip_bad_images = false;
  ClassificationEvalLoader strict(folder, options);
  CHECK_THROWS_AS((strict.next(), strict.next(), strict.next()), IoError);
}

TEST_CASE("ClassificationEvalLoader: two ranks see every image once, in order") {
  const SmallFolder small;
  const ImageFolder folder = read_image_folder(small.root.string());
  ClassificationOptions options = small_options(2);
  options.images_per_batch = 5;
  std::vector<int64_t> ids;
  for (const int rank : {0, 1}) {
    ClassificationEvalLoader loader(folder, options, rank, 2);
    while (const auto batch = loader.next()) {
      for (const int64_t id : batch->image_ids.to_vector<int64_t>()) ids.push_back(id);
    }
  }
  CHECK(ids == std::vector<int64_t>{0, 1, 2, 3, 4, 10, 11, 5, 6, 7, 8, 9});
}
