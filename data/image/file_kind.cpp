#include "data/image/file_kind.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

#include "data/image/image_file.h"

namespace denovo::data {
namespace {

using namespace std::string_view_literals;

struct Signature {
  FileKind kind;
  size_t position;
  std::string_view bytes;
};

/// Those that a few bytes at one place tell.
constexpr Signature kSignatures[] = {
    {FileKind::kJpeg, 0, "\xFF\xD8\xFF"sv},
    {FileKind::kPng, 0, "\x89PNG\r\n\x1A\n"sv},
    {FileKind::kTiff, 0, "II*\0"sv},
    {FileKind::kTiff, 0, "MM\0*"sv},
    {FileKind::kTiff, 0, "II+\0"sv},
    {FileKind::kTiff, 0, "MM\0+"sv},
    {FileKind::kGif, 0, "GIF87a"sv},
    {FileKind::kGif, 0, "GIF89a"sv},
    {FileKind::kJpeg2000, 0, "\0\0\0\x0CjP  \r\n\x87\n"sv},
    {FileKind::kJpeg2000, 0, "\xFF\x4F\xFF\x51"sv},
    {FileKind::kJpegXl, 0, "\0\0\0\x0CJXL \r\n\x87\n"sv},
    {FileKind::kJpegXl, 0, "\xFF\x0A"sv},
    {FileKind::kPsd, 0, "8BPS\0"sv},
    {FileKind::kPdf, 0, "%PDF-"sv},
    {FileKind::kLfsPointer, 0, "version https://git-lfs.github.com/spec/"sv},
};

bool has_at(std::string_view text, size_t position, std::string_view bytes) {
  return text.size() >= position && text.substr(position).starts_with(bytes);
}

bool is_webp(std::string_view start) {
  return has_at(start, 0, "RIFF") && has_at(start, 8, "WEBP");
}

/// "BM" starts many texts, so the size of the second header must be one that exists.
bool is_bmp(std::string_view start) {
  constexpr uint8_t kHeaderSizes[] = {12, 16, 40, 52, 56, 64, 108, 124};
  return has_at(start, 0, "BM") && start.size() >= 18 &&
         std::count(std::begin(kHeaderSizes), std::end(kHeaderSizes),
                    static_cast<uint8_t>(start[14])) > 0 &&
         has_at(start, 15, "\0\0\0"sv);
}

/// "P6\n", "P5 ", …
bool is_netpbm(std::string_view start) {
  return start.size() >= 3 && start[0] == 'P' && start[1] >= '1' && start[1] <= '7' &&
         std::isspace(static_cast<unsigned char>(start[2]));
}

/// HEIC and AVIF are ISO media files; their brands stand in the first box, the major one ahead of
/// the compatible ones. "mif1" alone says only that it is one of the two.
FileKind media_kind(std::string_view start) {
  if (!has_at(start, 4, "ftyp")) return FileKind::kUnknown;
  const size_t end = std::min<size_t>(start.size(), static_cast<uint8_t>(start[3]));
  bool is_image = false;
  for (size_t at = 8; at + 4 <= end; at += 4) {
    const std::string_view brand = start.substr(at, 4);
    if (brand == "avif" || brand == "avis") return FileKind::kAvif;
    if (brand.starts_with("hei") || brand.starts_with("hev") || brand == "mif1" || brand == "msf1")
      is_image = true;
  }
  return is_image ? FileKind::kHeic : FileKind::kUnknown;
}

/// The start of a file, without a last character that it may hold a part of.
std::string_view whole_characters(std::string_view start) {
  if (start.size() < kFileKindBytes) return start;
  const auto is_inner = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  while (!start.empty() && is_inner(start.back())) start.remove_suffix(1);
  if (!start.empty() && static_cast<unsigned char>(start.back()) >= 0xC0) start.remove_suffix(1);
  return start;
}

/// UTF-8 without control characters but white space.
bool is_text(std::string_view start) {
  start = whole_characters(start);
  return simdjson::validate_utf8(start) && std::all_of(start.begin(), start.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte >= 0x20 && byte != 0x7F) || (byte >= 0x09 && byte <= 0x0D);
         });
}

FileKind text_kind(std::string_view start) {
  std::string text(start);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!text.starts_with("<")) return FileKind::kText;
  if (text.find("<svg") != std::string::npos) return FileKind::kSvg;
  if (text.starts_with("<!doctype html") || text.find("<html") != std::string::npos)
    return FileKind::kHtml;
  return text.starts_with("<?xml") || text.find("</") != std::string::npos ? FileKind::kXml
                                                                           : FileKind::kText;
}

constexpr std::string_view kNames[] = {
    "a JPEG",
    "a PNG",
    "a WebP",
    "a BMP",
    "a TIFF",
    "a GIF",
    "a HEIC",
    "an AVIF",
    "a JPEG 2000",
    "a JPEG XL",
    "a Photoshop",
    "a Netpbm",
    "a PDF",
    "an SVG",
    "an empty",
    "a zero-filled",
    "an HTML",
    "an XML",
    "a Git LFS pointer",
    "a text",
    "another",
};
static_assert(std::size(kNames) == static_cast<size_t>(FileKind::kUnknown) + 1);

}  // namespace

FileKind file_kind(std::span<const uint8_t> bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min(bytes.size(), kFileKindBytes));
  if (start.empty()) return FileKind::kEmpty;
  for (const Signature& signature : kSignatures)
    if (has_at(start, signature.position, signature.bytes)) return signature.kind;
  if (is_webp(start)) return FileKind::kWebp;
  if (is_bmp(start)) return FileKind::kBmp;
  if (is_netpbm(start)) return FileKind::kNetpbm;
  if (const FileKind kind = media_kind(start); kind != FileKind::kUnknown) return kind;
  if (start.find_first_not_of('\0') == std::string_view::npos) return FileKind::kZeros;
  return is_text(start) ? text_kind(start) : FileKind::kUnknown;
}

FileKind read_file_kind(const std::string& path) {
  return file_kind(read_prefix(path, kFileKindBytes));
}

bool has_picture_name(std::string_view name) {
  std::string ending(name.substr(std::min(name.rfind('.'), name.size())));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kEndings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

std::string refusal_of_kind(std::span<const uint8_t> start) {
  const FileKind kind = file_kind(start);
  if (kind == FileKind::kUnknown) {
    std::string bytes;
    for (size_t i = 0; i < std::min<size_t>(start.size(), 4); ++i)
      bytes += fmt::format("{}{:02x}", i ? " " : "", start[i]);
    return "must be a JPEG or PNG file, got one that starts with " + bytes;
  }
  const std::string what = fmt::format("is {} file", kNames[static_cast<size_t>(kind)]);
  if (is_picture(kind)) return what + "; convert it to PNG or JPEG";
  if (kind == FileKind::kLfsPointer) return what + "; git lfs pull brings the picture";
  return what + ", not a JPEG or PNG";
}

}  // namespace denovo::data
