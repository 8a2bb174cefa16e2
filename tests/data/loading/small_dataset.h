// A COCO data set of a few small PNGs in a temporary folder, for the tests of loading.
#pragma once

#include <fmt/format.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/kernels/random.h"
#include "data/coco/image_files.h"
#include "data/coco/training_view.h"
#include "data/image/image_file.h"

namespace denovo::data::testing {

class SmallDataset {
 public:
  /// Image i has sizes[i], id 10 + i, file "i.png", random pixels, and one object of category 7:
  /// the triangle (2, 1) (10, 1) (2, 9) in box [2, 1, 8, 8]. Image 0 also has one of category 3
  /// with a mask of run lengths: the top left 2 x 2 pixels.
  explicit SmallDataset(std::vector<ImageSize> sizes) {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("denovo_loading_{}_{}", getpid(), reinterpret_cast<uintptr_t>(this));
    std::filesystem::create_directories(folder_);
    std::string images, annotations;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const auto [height, width] = sizes[i];
      Image image(height, width);
      const RandomStream stream{3, RandomPurpose::kTest, 0, static_cast<uint32_t>(i)};
      for (size_t p = 0; p < image.rgb.size(); ++p) {
        image.rgb[p] = static_cast<uint8_t>(1 + stream.below(static_cast<uint32_t>(p), 255));
      }
      write_image(path(fmt::format("{}.png", i)), image);
      images += fmt::format(R"({}{{"id":{},"file_name":"{}.png","height":{},"width":{}}})",
                            i ? "," : "", 10 + i, i, height, width);
      annotations += fmt::format(
          R"({}{{"id":{},"image_id":{},"category_id":7,"iscrowd":0,"area":32,"bbox":[2,1,8,8],)"
          R"("segmentation":[[2,1,10,1,2,9]]}})",
          i ? "," : "", 100 + i, 10 + i);
    }
    annotations += fmt::format(
        R"(,{{"id":99,"image_id":10,"category_id":3,"iscrowd":0,"area":4,"bbox":[0,0,2,2],)"
        R"("segmentation":{{"size":[{},{}],"counts":[0,2,{},2,{}]}}}})",
        sizes[0].height, sizes[0].width, sizes[0].height - 2,
        sizes[0].height * sizes[0].width - sizes[0].height - 2);
    const std::string text =
        fmt::format(R"({{"images":[{}],"annotations":[{}],"categories":[{{"id":3,"name":"a"}},)"
                    R"({{"id":7,"name":"b"}}]}})",
                    images, annotations);
    write_bytes(path("instances.json"),
                {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    coco = read_coco(path("instances.json"));
    view = training_view(coco);
  }
  ~SmallDataset() { std::filesystem::remove_all(folder_); }
  SmallDataset(const SmallDataset&) = delete;
  SmallDataset& operator=(const SmallDataset&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  ImageFiles files() const { return {coco, folder_.string()}; }

  CocoDataset coco;
  TrainingView view;

 private:
  std::filesystem::path folder_;
};

}  // namespace denovo::data::testing
