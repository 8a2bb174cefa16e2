#include "detection/evaluation/usable_images.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/error.h"
#include "data/image/image_file.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

/// Eight images of which those after the first two are missing.
class Place : public denovo::testing::TemporaryDirectory {
 public:
  Place() {
    std::string images;
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(i) + ".png";
      if (i < 2) data::write_image(*this / name, data::Image(4, 6));
      images += std::string(i ? "," : "") + R"({"id":)" + std::to_string(i) +
                R"(,"width":6,"height":4,"file_name":")" + name + "\"}";
    }
    std::ofstream(*this / "a.json")
        << R"({"annotations":[],"categories":[],"images":[)" << images << "]}";
    dataset = data::read_coco(*this / "a.json");
  }
  data::ImageFiles files() const { return {dataset, path()}; }
  data::CocoDataset dataset;
  Logger logger{true};
};

}  // namespace

TEST_CASE("usable_images: stops at the first bad one, or leaves them out and tells how many") {
  Place place;
  const auto all = data::first_images(place.dataset);
  const std::string message = (place / "2.png") + ": image 2 of " + (place / "a.json") +
                              " must exist; 6 of 8 image files are missing";
  CHECK_THROWS_WITH_AS(usable_images(place.files(), all, {}, place.logger), message.c_str(),
                       IoError);
  const UsableImages usable = usable_images(
      place.files(), all, {.skip_bad = true, .consequence = "so be it"}, place.logger);
  CHECK(usable.images == std::vector<int>{0, 1});
  REQUIRE(usable.warnings.size() == 6);
  CHECK(usable.warnings[0].starts_with(place / "2.png"));
  CHECK(usable.warnings[4].starts_with(place / "6.png"));
  CHECK(usable.warnings[5] == (place / "a.json") + ": 6 of 8 images cannot be used; so be it");
}

TEST_CASE("usable_images: none left is an error, also where bad ones are skipped") {
  Place place;
  CHECK_THROWS_AS(
      usable_images(place.files(), std::vector<int>{3, 4}, {.skip_bad = true}, place.logger),
      IoError);
  CHECK(usable_images(place.files(), std::vector<int>{1}, {}, place.logger).warnings.empty());
}
