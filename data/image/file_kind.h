// What a file is, by its first bytes and never by its name: pictures of the kinds that other tools
// write and read, and what people find in the place of a picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace denovo::data {

enum class FileKind {
  // Pictures. The first two are read here.
  kJpeg,
  kPng,
  kWebp,
  kBmp,
  kTiff,  // and the raw files of most cameras
  kGif,
  kHeic,
  kAvif,
  kJpeg2000,
  kJpegXl,
  kPsd,
  kNetpbm,
  kPdf,
  kSvg,
  // Others.
  kEmpty,
  kZeros,
  kHtml,
  kXml,
  kLfsPointer,
  kText,
  kUnknown,
};

/// How much of a file suffices for file_kind.
inline constexpr size_t kFileKindBytes = 512;

/// The kind of a file that starts like this; an empty span is an empty file.
FileKind file_kind(std::span<const uint8_t> start);

/// The same for a file on disk. Throws IoError when it cannot be read.
FileKind read_file_kind(const std::string& path);

/// True for pictures, also of the kinds that are not read.
constexpr bool is_picture(FileKind kind) {
  return kind <= FileKind::kSvg;
}
constexpr bool is_readable_picture(FileKind kind) {
  return kind == FileKind::kJpeg || kind == FileKind::kPng;
}

/// True for names that end as those of JPEG and PNG files do, in any case: what people expect a
/// picture behind. Says nothing of what the file is.
bool has_picture_name(std::string_view name);

/// Why a file that starts like this is not read: "is a WebP file; convert it to PNG or JPEG".
std::string refusal_of_kind(std::span<const uint8_t> start);

}  // namespace denovo::data
