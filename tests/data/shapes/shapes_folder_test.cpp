#include "data/shapes/shapes_folder.h"

#include <doctest/doctest.h>
#include <omp.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/error.h"
#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() /
                  ("denovo_shapes_" + std::to_string(reinterpret_cast<uintptr_t>(this)));
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

std::map<std::string, std::vector<uint8_t>> files_below(const std::string& root) {
  std::map<std::string, std::vector<uint8_t>> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), root).string()] = read_bytes(entry.path().string());
    }
  }
  return files;
}

const ShapesOptions kSmall{
    .num_train = 10, .num_val = 3, .size = 64, .num_classification = 24, .crops = true, .seed = 5};

}  // namespace

TEST_CASE("write_shapes_folder: the same bytes on one thread and on three") {
  const TemporaryFolder folder;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const ShapesReport report = write_shapes_folder(folder / "one", kSmall);
  omp_set_num_threads(3);
  write_shapes_folder(folder / "three", kSmall);
  omp_set_num_threads(threads);
  const auto one = files_below(folder / "one");
  CHECK(one == files_below(folder / "three"));
  const auto crops = static_cast<size_t>(report.train.objects + report.val.objects);
  CHECK(report.crops == report.train.objects + report.val.objects);
  CHECK(one.size() == 10 + 3 + 24 + 3 + 3 + crops);
  CHECK(one.contains("train/000000000001.jpg"));
  CHECK(one.contains("annotations/instances_val.json"));
  CHECK(one.contains("classification/val/checked_disc/000000000001.jpg"));
  CHECK(report.train.images == 10);
  CHECK(report.train.objects >= 20);
  CHECK(report.classification_images == 27);
  ShapesOptions other = kSmall;
  other.seed = 6;
  write_shapes_folder(folder / "other", other);
  CHECK(files_below(folder / "other")["train/000000000001.jpg"] !=
        one.at("train/000000000001.jpg"));
}

TEST_CASE("write_shapes_folder: leaves the same data alone and refuses other data") {
  const TemporaryFolder folder;
  const std::string path = folder / "data";
  write_shapes_folder(path, kSmall);
  CHECK(write_shapes_folder(path, kSmall).was_there);
  ShapesOptions other = kSmall;
  other.num_val = 4;
  CHECK_THROWS_WITH_AS(
      write_shapes_folder(path, other),
      (path +
       ": holds data of other options; remove it or name another folder, got {\"format\": 2, "
       "\"images\": 10, \"val\": 3, \"size\": 64, \"classification\": 24, "
       "\"crops\": true, \"seed\": 5}")
          .c_str(),
      ConfigError);
  fs::create_directories(folder / "mine/precious");
  CHECK_THROWS_WITH_AS(
      write_shapes_folder(folder / "mine", kSmall),
      ((folder / "mine") + ": exists and holds no generated data; name another folder").c_str(),
      ConfigError);
  CHECK(fs::exists(folder / "mine/precious"));
}

TEST_CASE("write_shapes_folder: a failure leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string path = folder / "data";
  CHECK_THROWS_AS(write_shapes_folder(path, kSmall,
                                      [](int64_t done, int64_t) {
                                        if (done == 5) throw ResourceError("disk full");
                                      }),
                  ResourceError);
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("write_shapes_folder: names the option that is out of range") {
  ShapesOptions options = kSmall;
  options.size = 20;
  CHECK_THROWS_WITH_AS(write_shapes_folder("unused", options),
                       "shapes: size must be 64 to 1024, got 20", ConfigError);
}
