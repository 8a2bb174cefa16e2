#include "data/image/image_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "testing/draw.h"

using namespace denovo;
using namespace denovo::data;

namespace {

const DecodeOptions kStored{.apply_orientation = false, .limits = {}};
const std::string kFolder = DENOVO_TEST_DATA "/data_files/image/";

std::vector<uint8_t> file(const std::string& name) {
  return read_bytes(kFolder + name);
}

int largest_difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  if (a.size() != b.size()) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// The sentence of the IoError that decoding throws; "decoded" where it throws none.
std::string refusal(const std::vector<uint8_t>& bytes) {
  try {
    decode_image(bytes, "x");
  } catch (const IoError& error) {
    return error.what();
  }
  return "decoded";
}

/// Position of the first marker 0xFF `code` in a JPEG.
size_t marker(const std::vector<uint8_t>& bytes, uint8_t code) {
  const uint8_t pattern[2] = {0xFF, code};
  return std::search(bytes.begin(), bytes.end(), pattern, pattern + 2) - bytes.begin();
}

}  // namespace

TEST_CASE("decode_image: PNG of every kind gives Pillow's pixels") {
  for (const char* name : {"rgb.png", "grey.png", "palette.png", "one_bit.png", "rgba.png",
                           "grey_alpha.png", "rgb16.png", "grey16.png"}) {
    CAPTURE(name);
    const Image image = read_image(kFolder + name);
    CHECK(image.height == 13);
    CHECK(image.width == 18);
    CHECK(image.rgb == file(name + std::string(".rgb")));
  }
}

TEST_CASE("decode_image: JPEG of every kind gives Pillow's pixels up to rounding") {
  for (const char* name : {"baseline_444.jpg", "baseline_420.jpg", "progressive.jpg", "restart.jpg",
                           "grey.jpg", "cmyk.jpg", "orientation_6.jpg"}) {
    CAPTURE(name);
    // Inverse DCT, chroma enlargement and colour matrix are rounded differently by libjpeg-turbo;
    // at 4:2:0 the colour of edge pixels is extrapolated by other rules.
    const int tolerance = name == std::string("baseline_420.jpg") ? 8 : 3;
    const Image image = read_image(kFolder + name, kStored);
    CHECK(largest_difference(image.rgb, file(name + std::string(".rgb"))) <= tolerance);
  }
}

TEST_CASE("read_image_header: reports size, format, channels, depth and orientation") {
  const ImageHeader jpeg = read_image_header(kFolder + "orientation_6.jpg");
  CHECK(jpeg.format == ImageFormat::kJpeg);
  CHECK(jpeg.height == 13);
  CHECK(jpeg.width == 18);
  CHECK(jpeg.orientation == 6);
  CHECK(read_image_header(kFolder + "cmyk.jpg").channels == 4);
  const ImageHeader png = read_image_header(kFolder + "grey16.png");
  CHECK(png.format == ImageFormat::kPng);
  CHECK(png.channels == 1);
  CHECK(png.bits == 16);
  CHECK(png.orientation == 1);
}

TEST_CASE("decode_image: applies EXIF orientation unless asked for the stored pixels") {
  const std::vector<uint8_t> bytes = file("orientation_6.jpg");
  const Image stored = decode_image(bytes, "x", kStored);
  const Image upright = decode_image(bytes, "x");
  const ImageSize displayed = parse_image_header(bytes, "x").displayed();
  CHECK(displayed == ImageSize{upright.height, upright.width});
  CHECK(stored.height == 13);
  CHECK(upright.height == 18);
  CHECK(upright == apply_orientation(stored, 6));
}

TEST_CASE("decode_image: the format is told by content, and others are named") {
  CHECK(refusal({}) == "x: is an empty file, not a JPEG or PNG");
  CHECK(refusal({'G', 'I', 'F', '8', '9', 'a'}) == "x: is a GIF file; convert it to PNG or JPEG");
}

TEST_CASE("decode_image: every proper prefix of a file is refused") {
  for (const char* name : {"rgb.png", "baseline_444.jpg", "progressive.jpg", "restart.jpg"}) {
    const std::vector<uint8_t> bytes = file(name);
    for (size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(name);
      CAPTURE(length);
      CHECK(refusal({bytes.begin(), bytes.begin() + length}) != "decoded");
    }
  }
}

TEST_CASE("decode_image: an enormous header is refused by its numbers") {
  std::vector<uint8_t> jpeg = file("baseline_444.jpg");
  const size_t frame = marker(jpeg, 0xC0);
  for (const size_t side : {frame + 5, frame + 7}) {
    jpeg[side] = 30000 >> 8;
    jpeg[side + 1] = 30000 & 255;
  }
  CHECK(refusal(jpeg) ==
        "x: images must have 1 to 178956970 pixels and sides up to 65500, got 30000 high and "
        "30000 wide");
  jpeg[frame + 5] = 5000 >> 8;
  jpeg[frame + 6] = 5000 & 255;
  CHECK(refusal(jpeg) == "x: damaged or unsupported JPEG: " + std::to_string(jpeg.size()) +
                             " bytes cannot hold 5000x30000 pixels");
}

TEST_CASE("decode_image: a JPEG that would mislead the decoder is refused by name") {
  const std::vector<uint8_t> good = file("baseline_444.jpg");
  std::vector<uint8_t> bytes = good;
  bytes[marker(bytes, 0xC4)] = 0xFF;
  bytes[marker(bytes, 0xC4) + 1] = 0xFE;  // the first Huffman table becomes a comment
  CHECK(refusal(bytes) == "x: damaged or unsupported JPEG: scan with an undefined Huffman table");
  bytes = good;
  bytes[marker(bytes, 0xC0) + 4] = 12;
  CHECK(refusal(bytes) == "x: damaged or unsupported JPEG: only 8 bits a sample are read, got 12");
  bytes = good;
  bytes[marker(bytes, 0xC0) + 1] = 0xC9;
  CHECK(refusal(bytes) ==
        "x: damaged or unsupported JPEG: only Huffman-coded baseline and progressive files are "
        "read, got frame type 0xc9");
  bytes = file("cmyk.jpg");
  bytes[marker(bytes, 0xEE) + 4] = 'x';
  CHECK(refusal(bytes) ==
        "x: damaged or unsupported JPEG: four components need an Adobe marker that tells CMYK "
        "from YCCK, got none");
  bytes = file("restart.jpg");
  bytes[marker(bytes, 0xD1) + 1] = 0;  // a restart marker becomes a stuffed byte
  CHECK(refusal(bytes).find("a scan has ") != std::string::npos);
}

TEST_CASE("decode_image: a changed bit in a PNG is found by its checksum") {
  std::vector<uint8_t> bytes = file("rgb.png");
  bytes[60] ^= 4;
  CHECK(refusal(bytes) == "x: damaged or unsupported PNG: wrong checksum of the chunk at byte 33");
}

TEST_CASE("decode_image: a pixel beyond the palette is black") {
  std::vector<uint8_t> png = file("palette.png");
  const std::string name = "PLTE";
  const auto found = std::search(png.begin(), png.end(), name.begin(), name.end());
  const size_t type = found - png.begin(), colours = type + 4;
  const std::vector<uint8_t> first(png.begin() + colours, png.begin() + colours + 3);
  const size_t behind = colours + (png[type - 2] << 8) + png[type - 1];
  png.erase(png.begin() + colours + 3, png.begin() + behind);  // one colour is left
  png[type - 2] = 0, png[type - 1] = 3;
  const uint32_t checksum = testing::crc32(&png[type], 7);
  for (int i = 0; i < 4; ++i) png[colours + 3 + i] = static_cast<uint8_t>(checksum >> (24 - 8 * i));

  const Image image = decode_image(png, "x", kStored);
  int num_black = 0, num_first = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    const std::vector<uint8_t> pixel(&image.rgb[i], &image.rgb[i] + 3);
    num_black += pixel == std::vector<uint8_t>{0, 0, 0};
    num_first += pixel == first;
  }
  CHECK(num_black > 0);
  CHECK(num_black + num_first == image.height * image.width);
}

TEST_CASE("encode_png and encode_jpeg: what is written is read back, with the same bytes twice") {
  const Image image = read_image(kFolder + "rgb.png");
  CHECK(decode_image(encode_png(image), "x") == image);
  CHECK(largest_difference(decode_image(encode_jpeg(image, 95), "x").rgb, image.rgb) <= 24);
  CHECK(encode_jpeg(image, 90) == encode_jpeg(image, 90));
}

TEST_CASE("write_image: names what keeps it from writing") {
  const Image image(2, 2);
  CHECK_THROWS_WITH_AS(write_image("picture.gif", image),
                       "write_image: path must end in .png, .jpg or .jpeg, got picture.gif",
                       ConfigError);
  CHECK_THROWS_WITH_AS(write_image("/nowhere/picture.png", image),
                       "/nowhere/picture.png: cannot be written: No such file or directory",
                       IoError);
  CHECK_THROWS_WITH_AS(write_bytes("/dev/full", encode_png(image)),
                       "/dev/full: cannot be written: No space left on device", ResourceError);
  CHECK_THROWS_WITH_AS(read_image("/nowhere/picture.png"),
                       "/nowhere/picture.png: cannot be read, got 'No such file or directory'",
                       IoError);
}
