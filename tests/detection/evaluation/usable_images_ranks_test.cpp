#include <doctest/doctest.h>

#include <fstream>

#include "core/dist/rank_error.h"
#include "data/image/image_file.h"
#include "detection/evaluation/usable_images.h"
#include "testing/ranks.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;
using denovo::testing::group;

TEST_CASE("ranks: each looks at its share of the images, all learn the same") {
  const denovo::testing::TemporaryDirectory own;
  const std::string folder = group().broadcast(own.path());
  std::string images;
  for (int i = 0; i < 11; ++i) {
    const std::string name = std::to_string(i) + ".png";
    if (group().is_first() && i % 4 != 3) data::write_image(folder + "/" + name, data::Image(4, 6));
    images += std::string(i ? "," : "") + R"({"id":)" + std::to_string(i) +
              R"(,"width":6,"height":4,"file_name":")" + name + "\"}";
  }
  std::ofstream(own / "a.json") << R"({"annotations":[],"categories":[],"images":[)" << images
                                << "]}";
  const data::CocoDataset dataset = data::read_coco(own / "a.json");
  group().broadcast(std::string());  // the images are written
  const data::ImageFiles files(dataset, folder);
  Logger logger(true);
  const auto all = data::first_images(dataset);
  const UsableImages usable = usable_images(files, all, {.skip_bad = true}, logger, group());
  CHECK(usable.images == std::vector<int>{0, 1, 2, 4, 5, 6, 8, 9, 10});
  REQUIRE(usable.warnings.size() == 3);
  CHECK(usable.warnings[0].starts_with(folder + "/3.png"));
  CHECK(usable.warnings[1].starts_with(folder + "/7.png"));
  if (group().is_first()) {
    CHECK_THROWS_AS(usable_images(files, all, {}, logger, group()), IoError);
  } else {
    CHECK_THROWS_AS(usable_images(files, all, {}, logger, group()), PeerError);
  }
}
