// The marker structure of a JPEG file (ITU-T T.81), walked before the decoder sees a byte.
// stb 2.27 reads uninitialised tables where a file leaves one out, and accepts a second frame
// header and code lengths that overflow; what passes here has none of that, and is complete.
#pragma once

#include "data/image/image_file.h"

namespace denovo::data {

/// Up to and including the frame header. Throws IoError as parse_image_header.
ImageHeader parse_jpeg_header(std::span<const uint8_t> bytes, const std::string& where);

/// The whole file: one frame header; quantisation and Huffman tables well-formed and defined
/// before the scan that uses them; every component in a scan; an end-of-image marker; the number
/// of scans; enough bytes for the pixels; Adobe's marker where there are four components.
void check_jpeg_structure(std::span<const uint8_t> bytes, const std::string& where, int max_scans);

}  // namespace denovo::data
