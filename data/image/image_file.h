// JPEG and PNG files, from strangers: the format is told by the first bytes and never by the name
// (file_kind.h), the structure is walked and every size is checked before anything is allocated for
// pixels, and only then does stb decode, under a budget of memory (jpeg_structure.h and
// png_structure.h say what is checked and why).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace denovo::data {

enum class ImageFormat { kJpeg, kPng };

/// What a file says of its pixels before they are decoded.
struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  int height = 0, width = 0;  // as stored: orientation is not applied
  int channels = 0;           // 1 grey, 2 grey and alpha, 3 RGB or palette, 4 RGBA or CMYK
  int bits = 8;               // per sample; palette images have 1 to 8
  int orientation = 1;        // EXIF 1..8; 1 where the file has none or a damaged one

  /// As a viewer shows the image: orientation is applied.
  ImageSize displayed() const {
    return orientation >= 5 ? ImageSize{width, height} : ImageSize{height, width};
  }
};

/// Pillow's error limit and the format's own (a side of 65,500 is what JPEG writers allow).
struct ImageLimits {
  int64_t max_pixels = 178'956'970;
  int max_side = 65'500;
  int max_scans = 500;  // of a progressive JPEG: each costs a pass over the image
};

struct DecodeOptions {
  bool apply_orientation = true;  // the pixels as a viewer shows them; false: as they are stored
  ImageLimits limits;
};

/// Reads no more than the headers. Throws IoError "<where>: ..." for another format, a damaged or
/// truncated header, an unsupported kind (12-bit, arithmetic or lossless JPEG) and sizes beyond
/// the limits.
ImageHeader parse_image_header(std::span<const uint8_t> bytes, const std::string& where,
                               const ImageLimits& limits = {});

/// The same for a file; reads its first 64 KiB and the rest only where those do not suffice.
ImageHeader read_image_header(const std::string& path, const ImageLimits& limits = {});

/// Decodes to RGB8: grey is copied to three channels, alpha is dropped (not blended, as Pillow's
/// convert), palettes are looked up, of 16 bits the upper 8 are kept, CMYK and YCCK with Adobe's
/// marker become RGB (without the marker they are refused, since their meaning is unknown).
/// Peak memory is at most 32 bytes a pixel plus three times the file's size.
/// Throws IoError "<where>: ..." for whatever parse_image_header refuses and for a file that is
/// truncated or damaged; half an image is never returned.
Image decode_image(std::span<const uint8_t> bytes, const std::string& where,
                   const DecodeOptions& options = {});

/// Throws IoError naming the path when it cannot be read or decoded.
Image read_image(const std::string& path, const DecodeOptions& options = {});

/// The same image gives the same bytes. Quality is 1 to 100; above 90 colour is not subsampled.
std::vector<uint8_t> encode_png(const Image& image);
std::vector<uint8_t> encode_jpeg(const Image& image, int quality = 90);

/// Writes .png, .jpg or .jpeg by the path's ending. Throws ConfigError for another ending,
/// ResourceError for a full disk, IoError for whatever else keeps the file from being written.
void write_image(const std::string& path, const Image& image, int jpeg_quality = 90);

/// The whole file, or as much of its start; throws IoError "<path>: cannot be read: <reason>".
std::vector<uint8_t> read_bytes(const std::string& path);
std::vector<uint8_t> read_prefix(const std::string& path, size_t max_bytes);

/// Creates or replaces the file; errors as write_image.
void write_bytes(const std::string& path, std::span<const uint8_t> bytes);

}  // namespace denovo::data
