// JPEG and PNG files from strangers: an image of the size that its header promises, the same twice,
// or refused by IoError.
#include <cstdlib>

#include "core/error.h"
#include "data/image/image_file.h"

using namespace denovo;
using namespace denovo::data;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Small and few, so that an execution is short; the rules are the same at any size.
  const DecodeOptions options{
      .apply_orientation = true,
      .limits = {.max_pixels = 1 << 14, .max_side = 1 << 12, .max_scans = 8}};
  const std::span<const uint8_t> bytes(data, size);
  try {
    const ImageHeader header = parse_image_header(bytes, "x", options.limits);
    if (header.orientation < 1 || header.orientation > 8) std::abort();
    const Image image = decode_image(bytes, "x", options);
    const bool turned = header.orientation >= 5;
    if (image.height != (turned ? header.width : header.height) ||
        image.width != (turned ? header.height : header.width) ||
        image.rgb.size() != static_cast<size_t>(3) * image.height * image.width)
      std::abort();
    if (!(decode_image(bytes, "x", options) == image)) std::abort();
  } catch (const IoError&) {
  }
  return 0;
}
