// The chunk structure of a PNG file (ISO/IEC 15948), walked before the decoder sees a byte.
#pragma once

#include "data/image/image_file.h"

namespace denovo::data {

/// IHDR, and eXIf where it stands before the pixels. Throws IoError as parse_image_header.
ImageHeader parse_png_header(std::span<const uint8_t> bytes, const std::string& where);

/// The whole file: chunk lengths and checksums, a palette where one is needed, consecutive IDAT,
/// IEND, and enough compressed bytes for the pixels (deflate gains at most 1032 times).
///
/// Returns what to decode in its place: the file with its palette filled up to 256 colours, the
/// added ones black as libpng has them, because stb reads past a shorter palette where a pixel
/// names a colour beyond it. Empty when the file is to be decoded as it is.
std::vector<uint8_t> check_png_structure(std::span<const uint8_t> bytes, const std::string& where);

}  // namespace denovo::data
