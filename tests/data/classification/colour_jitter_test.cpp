#include "data/classification/colour_jitter.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;

namespace {

const std::string kFolder = DENOVO_TEST_DATA "/data_files/image/";

RandomStream stream(uint32_t item) {
  return {5, RandomPurpose::kTest, 2, item};
}

Image one_pixel(uint8_t r, uint8_t g, uint8_t b) {
  Image image(1, 1);
  image.rgb = {r, g, b};
  return image;
}

}  // namespace

TEST_CASE("colour jitter: brightness, contrast and saturation are byte-equal to Pillow") {
  const Image picture = read_image(kFolder + "rgb.png");
  std::vector<uint8_t> bytes;
  for (const auto change : {change_brightness, change_contrast, change_saturation}) {
    for (const float factor : {0.35f, 1.6f}) {
      Image image = picture;
      change(image, factor);
      bytes.insert(bytes.end(), image.rgb.begin(), image.rgb.end());
    }
  }
  CHECK(bytes == read_bytes(kFolder + "colour_jitter.rgb"));
}

TEST_CASE("colour jitter: a factor of 1 changes nothing, 0 leaves black or grey") {
  const Image picture = read_image(kFolder + "rgb.png");
  for (const auto change : {change_brightness, change_contrast, change_saturation}) {
    Image image = picture;
    change(image, 1);
    CHECK(image == picture);
  }
  Image red = one_pixel(255, 0, 0);
  change_saturation(red, 0);
  CHECK(red.rgb == std::vector<uint8_t>{76, 76, 76});  // 0.299 * 255
  change_brightness(red, 0);
  CHECK(red.rgb == std::vector<uint8_t>{0, 0, 0});
}

TEST_CASE("colour jitter: factors fill their range, and no amount moves another's factor") {
  int least = 255, most = 0;
  for (uint32_t i = 0; i < 500; ++i) {
    Image grey = one_pixel(100, 100, 100), both = grey;
    jitter_colours(grey, stream(i), {.brightness = 0.4f});
    least = std::min<int>(least, grey.rgb[0]);
    most = std::max<int>(most, grey.rgb[0]);
    // Neither contrast nor saturation changes a picture of one grey pixel.
    jitter_colours(both, stream(i), {.brightness = 0.4f, .contrast = 0.5f, .saturation = 0.5f});
    CHECK(both == grey);
  }
  CHECK(least >= 60);
  CHECK(least < 63);
  CHECK(most <= 140);
  CHECK(most > 137);
  Image untouched = one_pixel(1, 2, 3);
  jitter_colours(untouched, stream(0), {});
  CHECK(untouched == one_pixel(1, 2, 3));
}

TEST_CASE("colour jitter: every order of the three occurs") {
  const Image picture = read_image(kFolder + "rgb.png");
  const ColourJitter amounts{.brightness = 0.4f, .contrast = 0.4f, .saturation = 0.4f};
  std::set<int> seen;
  for (uint32_t item = 0; item < 60; ++item) {
    Image image = picture;
    jitter_colours(image, stream(item), amounts);
    const float b = stream(item).uniform(42, 0.6f, 1.4f), c = stream(item).uniform(43, 0.6f, 1.4f),
                s = stream(item).uniform(44, 0.6f, 1.4f);
    const auto brightness = [b](Image& x) { change_brightness(x, b); };
    const auto contrast = [c](Image& x) { change_contrast(x, c); };
    const auto saturation = [s](Image& x) { change_saturation(x, s); };
    const std::function<void(Image&)> orders[6][3] = {
        {brightness, contrast, saturation}, {brightness, saturation, contrast},
        {contrast, brightness, saturation}, {contrast, saturation, brightness},
        {saturation, brightness, contrast}, {saturation, contrast, brightness}};
    int matches = 0;
    for (int order = 0; order < 6; ++order) {
      Image expected = picture;
      for (const auto& change : orders[order]) change(expected);
      if (expected != image) continue;
      ++matches;
      seen.insert(order);
    }
    CHECK(matches >= 1);
  }
  CHECK(seen.size() == 6);
}
