#include "data/loading/decoded_images.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::data;

namespace {

/// Images 0 .. 4 of 1 x 1 pixels, red = index; odd ones cannot be read. Counts its calls.
struct Files {
  int reads = 0;

  Image operator()(size_t index) {
    ++reads;
    if (index % 2 == 1) throw IoError(fmt::format("{}.png: is odd", index));
    Image image(1, 1);
    image.rgb[0] = static_cast<uint8_t>(index);
    return image;
  }
};

}  // namespace

TEST_CASE("DecodedImages: what fits is read once, the rest again and again") {
  Files files;
  const DecodedImages images(5, 3, std::ref(files));  // bytes of one image
  for (int i = 0; i < 3; ++i) CHECK(images.load(2)->rgb[0] == 2);
  CHECK(files.reads == 1);
  for (int i = 0; i < 3; ++i) CHECK(images.load(4)->rgb[0] == 4);
  CHECK(files.reads == 4);
  CHECK(images.bytes() == 3);
}

TEST_CASE("DecodedImages: the first candidate that can be read, bad ones are read once and named") {
  Files files;
  const DecodedImages images(5, 100, std::ref(files));
  const auto from = [](size_t first) {
    return [first](size_t place) -> std::optional<size_t> {
      if (place == 1) return std::nullopt;
      return first + place;
    };
  };
  const auto itself = images.first_readable(3, from(2));
  CHECK(itself.place == 0);
  CHECK(itself.image->rgb[0] == 2);
  CHECK(images.num_substitutions() == 0);
  const auto other = images.first_readable(4, from(1));  // 1, none, 3, 4
  CHECK(other.place == 3);
  CHECK(other.image->rgb[0] == 4);
  CHECK(images.num_substitutions() == 1);
  CHECK(images.bad_images() == std::vector<std::string>{"1.png: is odd", "3.png: is odd"});
  const int before = files.reads;
  CHECK(!images.first_readable(3, from(1)).image);
  CHECK(files.reads == before);
  CHECK_THROWS_WITH_AS(images.load(1), "1.png: is odd", IoError);
}
