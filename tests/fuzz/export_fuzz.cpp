// Exports of annotation tools from strangers: what is converted is a data set that can be read, or
// it is refused by IoError or ConfigError. The first byte chooses the format.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "data/coco/dataset.h"
#include "data/convert/formats.h"
#include "data/image/image_file.h"
#include "tests/fuzz/memory_file.h"

using namespace denovo;

namespace {

struct Format {
  const char* name;
  const char* file;  // that is fuzzed, in a folder of its own that also holds i.png
};
constexpr Format kFormats[] = {{"voc", "i.xml"},        {"yolo", "i.txt"},
                               {"yolo", "data.yaml"},   {"labelme", "i.json"},
                               {"via", "regions.json"}, {"cvat", "annotations.xml"}};

/// One folder per format, made once.
struct Folders {
  std::filesystem::path root;
  Folders() {
    std::string name = "/dev/shm/denovo-fuzz-XXXXXX";
    root = mkdtemp(name.data());
    for (size_t i = 0; i < std::size(kFormats); ++i) {
      std::filesystem::create_directory(folder(i));
      data::write_image((folder(i) / "i.png").string(), data::Image(13, 18));
      if (std::string(kFormats[i].file) == "i.txt")
        std::ofstream(folder(i) / "classes.txt") << "a\nb\n";
      if (std::string(kFormats[i].file) == "data.yaml")
        std::ofstream(folder(i) / "i.txt") << "0 .5 .5 .5 .5\n";
    }
  }
  ~Folders() { std::filesystem::remove_all(root); }
  std::filesystem::path folder(size_t i) const { return root / std::to_string(i); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Folders folders;
  static testing::MemoryFile memory;
  if (size == 0) return 0;
  const size_t index = data[0] % std::size(kFormats);
  const Format& format = kFormats[index];
  const std::string folder = folders.folder(index).string(), path = folder + "/" + format.file;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data) + 1, static_cast<int64_t>(size) - 1);
  std::string json;
  try {
    const bool one_file = std::string(format.name) == "via";
    json = data::convert_export(format.name, {.in = one_file ? path : folder}).coco_json();
  } catch (const IoError&) {
    return 0;
  } catch (const ConfigError&) {
    return 0;
  }
  // Throws where it is not sound, which is a report.
  memory.set(reinterpret_cast<const uint8_t*>(json.data()), json.size());
  if (data::read_coco(memory.path(), data::StructuralDefects::kThrow).annotations().empty())
    std::abort();
  return 0;
}
