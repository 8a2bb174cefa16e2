#include "data/image/file_kind.h"

#include <doctest/doctest.h>

#include <string_view>

#include "core/error.h"
#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;
using namespace std::string_view_literals;

namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("file_kind: says per file what it is, as written by Pillow, libheif and others") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"RIFF\0\x08\0\0WEBPVP8 "sv, "is a WebP file; convert it to PNG or JPEG"},
      {"BM6$\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"sv, "is a BMP file; convert it to PNG or JPEG"},
      {"II*\0\x08\0\0\0"sv, "is a TIFF file; convert it to PNG or JPEG"},
      {"MM\0*\0\0\0\x08"sv, "is a TIFF file; convert it to PNG or JPEG"},
      {"GIF89a@\0"sv, "is a GIF file; convert it to PNG or JPEG"},
      {"\0\0\0\x1C"
       "ftypheic\0\0\0\0mif1heicmiaf"sv,
       "is a HEIC file; convert it to PNG or JPEG"},
      {"\0\0\0\x20"
       "ftypmif1\0\0\0\0avifmif1miafMA1B"sv,
       "is an AVIF file; convert it to PNG or JPEG"},
      {"\0\0\0\x0CjP  \r\n\x87\n\0\0"sv, "is a JPEG 2000 file; convert it to PNG or JPEG"},
      {"\0\0\0\x0CJXL \r\n\x87\n\0\0"sv, "is a JPEG XL file; convert it to PNG or JPEG"},
      {"\xFF\x0A\x10\x10"sv, "is a JPEG XL file; convert it to PNG or JPEG"},
      {"8BPS\0\x01"sv, "is a Photoshop file; convert it to PNG or JPEG"},
      {"P6\n64 48\n255\n\xFF"sv, "is a Netpbm file; convert it to PNG or JPEG"},
      {"%PDF-1.4\n"sv, "is a PDF file; convert it to PNG or JPEG"},
      {"<?xml version=\"1.0\"?>\n<!-- a -->\n<svg xmlns=\"\">"sv,
       "is an SVG file; convert it to PNG or JPEG"},
      {"\n<!DOCTYPE HTML><html>404"sv, "is an HTML file, not a JPEG or PNG"},
      {"\xEF\xBB\xBF<?xml version=\"1.0\"?><a/>"sv, "is an XML file, not a JPEG or PNG"},
      {"version https://git-lfs.github.com/spec/v1\noid"sv,
       "is a Git LFS pointer file; git lfs pull brings the picture"},
      {"BM is a text\n"sv, "is a text file, not a JPEG or PNG"},
      {""sv, "is an empty file, not a JPEG or PNG"},
      {"\0\0\0\0\0\0\0\0\0\0"sv, "is a zero-filled file, not a JPEG or PNG"},
      {"\x01\x02\x03"sv, "must be a JPEG or PNG file, got one that starts with 01 02 03"},
      {"\0\0\0\x18"
       "ftypmp42\0\0\0\0mp42isom"sv,
       "must be a JPEG or PNG file, got one that starts with 00 00 00 18"},
  };
  for (const auto& [start, sentence] : cases) {
    CAPTURE(start);
    CHECK(refusal_of_kind(bytes_of(start)) == sentence);
    CHECK(is_picture(file_kind(bytes_of(start))) ==
          sentence.ends_with("convert it to PNG or JPEG"));
  }
}

TEST_CASE("file_kind: a text is UTF-8, also where its start ends in the middle of a character") {
  for (const std::string_view character :
       {"a"sv, "\xC3\xA9"sv, "\xE2\x82\xAC"sv, "\xF0\x9F\x98\x80"sv}) {
    std::string text = "Grüße\r\n";
    for (int before = 0; before < 4; ++before) {
      text += 'x';
      std::string whole = text;
      while (whole.size() < 2 * kFileKindBytes) whole += character;
      CAPTURE(whole);
      CHECK(file_kind(bytes_of(whole)) == FileKind::kText);
      CHECK(file_kind(bytes_of(std::string_view(whole).substr(0, kFileKindBytes))) ==
            FileKind::kText);
    }
  }
  for (const std::string_view other : {"Gr\xFC\xDF"sv, "\xFF\xFE\xAA\xBB"sv, "\x80\x81"sv,
                                       "a\xC3"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv, "a\x07"sv})
    CHECK(file_kind(bytes_of(other)) == FileKind::kUnknown);
  CHECK(refusal_of_kind(bytes_of("\xFF\xFE\xAA\xBB"sv)) ==
        "must be a JPEG or PNG file, got one that starts with ff fe aa bb");
}

TEST_CASE("has_picture_name: the endings of JPEG and PNG, in any case") {
  for (const char* name : {"a.jpg", "b.JPEG", "c.jpe", "d.x.jfif", ".png"})
    CHECK(has_picture_name(name));
  for (const char* name : {"jpg", "a.jpg.txt", "b.webp", "", "c."}) CHECK(!has_picture_name(name));
}

TEST_CASE("file_kind: a JPEG and a PNG are known by their start, and a file by its first bytes") {
  const std::string folder = DENOVO_TEST_DATA "/data_files/image/";
  CHECK(read_file_kind(folder + "grey.jpg") == FileKind::kJpeg);
  CHECK(read_file_kind(folder + "grey.png") == FileKind::kPng);
  CHECK_THROWS_AS(read_file_kind(folder + "none.png"), IoError);
}
