// The one EXIF field that changes pixels.
#pragma once

#include <cstdint>
#include <span>

namespace denovo::data {

/// Orientation 1..8 of a TIFF structure (the EXIF block after its "Exif\0\0" in JPEG, the whole
/// eXIf chunk in PNG). 1 for anything damaged: photographs with a broken EXIF block are common
/// and their pixels are sound.
int exif_orientation(std::span<const uint8_t> tiff);

}  // namespace denovo::data
