#include "data/image/image_file.h"

#include <fmt/format.h>
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/files/file.h"
#include "data/image/file_kind.h"
#include "data/image/jpeg_structure.h"
#include "data/image/png_structure.h"
#include "third_party/stb_budget.h"

namespace denovo::data {
namespace {

using Bytes = std::span<const uint8_t>;

void check_size(const ImageHeader& header, const std::string& where, const ImageLimits& limits) {
  const int64_t pixels = int64_t{header.height} * header.width;
  if (header.height > 0 && header.width > 0 && pixels <= limits.max_pixels &&
      std::max(header.height, header.width) <= limits.max_side) {
    return;
  }
  throw IoError(
      fmt::format("{}: images must have 1 to {} pixels and sides up to {}, got {} high and {} wide",
                  where, limits.max_pixels, limits.max_side, header.height, header.width));
}

ImageHeader parse_any_size(Bytes bytes, const std::string& where) {
  const FileKind kind = file_kind(bytes);
  if (!is_readable_picture(kind)) throw IoError(where + ": " + refusal_of_kind(bytes));
  return kind == FileKind::kPng ? parse_png_header(bytes, where) : parse_jpeg_header(bytes, where);
}

bool ends_with(const std::string& path, const char* ending) {
  const size_t length = std::strlen(ending);
  return path.size() >= length && path.compare(path.size() - length, length, ending) == 0;
}

void append_bytes(void* out, void* data, int size) {
  auto* bytes = static_cast<std::vector<uint8_t>*>(out);
  bytes->insert(bytes->end(), static_cast<uint8_t*>(data), static_cast<uint8_t*>(data) + size);
}

}  // namespace

ImageHeader parse_image_header(Bytes bytes, const std::string& where, const ImageLimits& limits) {
  const ImageHeader header = parse_any_size(bytes, where);
  check_size(header, where, limits);
  return header;
}

ImageHeader read_image_header(const std::string& path, const ImageLimits& limits) {
  constexpr size_t kPrefix = 64 << 10;
  const std::vector<uint8_t> prefix = read_prefix(path, kPrefix);
  if (prefix.size() < kPrefix) return parse_image_header(prefix, path, limits);
  std::optional<ImageHeader> header;
  try {
    header = parse_any_size(prefix, path);
  } catch (const IoError&) {
    // A colour profile or preview may push the frame header far back: judge the whole file.
    return parse_image_header(read_bytes(path), path, limits);
  }
  check_size(*header, path, limits);
  return *header;
}

Image decode_image(Bytes bytes, const std::string& where, const DecodeOptions& options) {
  const ImageHeader header = parse_image_header(bytes, where, options.limits);
  std::vector<uint8_t> completed;
  if (header.format == ImageFormat::kPng) {
    completed = check_png_structure(bytes, where);
    if (!completed.empty()) bytes = completed;
  } else {
    check_jpeg_structure(bytes, where, options.limits.max_scans);
  }
  if (bytes.size() > INT32_MAX) throw IoError(where + ": image files must be smaller than 2 GiB");
  const int64_t pixels = int64_t{header.height} * header.width;
  // Decoders round up to whole blocks, hence the constant; 3 bytes a pixel are the Image's own.
  const StbBudget budget(29 * pixels + 3 * bytes.size() + (size_t{4} << 20));
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded(
      stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()), &width, &height,
                            &channels, 3),
      &stbi_image_free);
  if (!decoded || width != header.width || height != header.height) {
    throw IoError(fmt::format("{}: {} data are damaged", where,
                              header.format == ImageFormat::kPng ? "PNG" : "JPEG"));
  }
  Image image;
  image.height = height;
  image.width = width;
  image.rgb.assign(decoded.get(), decoded.get() + 3 * pixels);
  return options.apply_orientation ? apply_orientation(image, header.orientation)
                                   : std::move(image);
}

Image read_image(const std::string& path, const DecodeOptions& options) {
  read_image_header(path, options.limits);  // refuses before a large file is read
  return decode_image(read_bytes(path), path, options);
}

std::vector<uint8_t> encode_png(const Image& image) {
  std::vector<uint8_t> bytes;
  if (image.rgb.empty() ||
      !stbi_write_png_to_func(append_bytes, &bytes, image.width, image.height, 3, image.rgb.data(),
                              static_cast<int>(image.row_bytes()))) {
    throw ShapeError(
        fmt::format("encode_png: image must hold pixels, got {}x{}", image.height, image.width));
  }
  return bytes;
}

std::vector<uint8_t> encode_jpeg(const Image& image, int quality) {
  std::vector<uint8_t> bytes;
  if (image.rgb.empty() || std::max(image.height, image.width) > 65'500) {
    throw ShapeError(
        fmt::format("encode_jpeg: sides must be 1 to 65500, got {}x{}", image.height, image.width));
  }
  stbi_write_jpg_to_func(append_bytes, &bytes, image.width, image.height, 3, image.rgb.data(),
                         quality);
  return bytes;
}

void write_image(const std::string& path, const Image& image, int jpeg_quality) {
  if (ends_with(path, ".png")) {
    write_bytes(path, encode_png(image));
  } else if (ends_with(path, ".jpg") || ends_with(path, ".jpeg")) {
    write_bytes(path, encode_jpeg(image, jpeg_quality));
  } else {
    throw ConfigError(
        fmt::format("write_image: path must end in .png, .jpg or .jpeg, got {}", path));
  }
}

std::vector<uint8_t> read_prefix(const std::string& path, size_t max_bytes) {
  const FileReader file(path);
  std::vector<uint8_t> bytes(std::min(max_bytes, static_cast<size_t>(file.size())));
  file.read_at(0, bytes.data(), static_cast<int64_t>(bytes.size()));
  return bytes;
}

std::vector<uint8_t> read_bytes(const std::string& path) {
  return read_prefix(path, SIZE_MAX);
}

void write_bytes(const std::string& path, Bytes bytes) {
  FILE* file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr;
  if (ok && !bytes.empty()) ok = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (ok) ok = std::fflush(file) == 0;
  const int reason = errno;
  if (file) std::fclose(file);
  if (ok) return;
  const std::string message = fmt::format("{}: cannot be written: {}", path, std::strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) throw ResourceError(message);
  throw IoError(message);
}

}  // namespace denovo::data
