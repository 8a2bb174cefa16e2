#include "data/image/jpeg_structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.h"
#include "data/image/exif.h"

namespace denovo::data {
namespace {

using Bytes = std::span<const uint8_t>;

enum Marker : int { kDht = 0xC4, kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA, kDqt = 0xDB, kDri = 0xDD };

bool is_restart(int marker) {
  return marker >= 0xD0 && marker <= 0xD7;
}
bool is_frame(int marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != kDht && marker != 0xC8 && marker != 0xCC;
}

struct Component {
  int id = 0, h = 0, v = 0, quantiser = 0;
  int64_t blocks_x = 0, blocks_y = 0;  // 8x8 blocks that hold pixels
  bool started = false;                // a scan has set its first coefficients
};

class JpegWalker {
 public:
  JpegWalker(Bytes bytes, const std::string& where, int max_scans)
      : bytes_(bytes), where_(where), max_scans_(max_scans) {}

  ImageHeader header() {
    position_ = 2;  // the caller has seen the start-of-image marker
    while (num_components_ == 0) segment();
    return header_;
  }

  void check_all() {
    header();
    const int64_t pixels = int64_t{header_.height} * header_.width;
    // An empty 16x16 unit takes more than two bits even in a progressive file with long runs.
    if (pixels > 1024 * static_cast<int64_t>(bytes_.size())) {
      fail(fmt::format("{} bytes cannot hold {}x{} pixels", bytes_.size(), header_.height,
                       header_.width));
    }
    while (!at_end_) segment();
    for (int c = 0; c < num_components_; ++c) {
      if (!components_[c].started) fail(fmt::format("component {} has no scan", c));
    }
    if (num_components_ == 4 && !has_adobe_) {
      fail("four components need an Adobe marker that tells CMYK from YCCK, got none");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw IoError(fmt::format("{}: damaged or unsupported JPEG: {}", where_, what));
  }

  int byte_at(size_t position) const {
    if (position >= bytes_.size()) fail(fmt::format("ends after {} bytes", bytes_.size()));
    return bytes_[position];
  }

  void segment() {
    if (byte_at(position_) != 0xFF) {
      fail(fmt::format("expected a marker at byte {}, got {:#04x}", position_, bytes_[position_]));
    }
    while (byte_at(position_) == 0xFF) ++position_;
    const int marker = bytes_[position_++];
    if (marker == kEoi) {
      at_end_ = true;
      return;
    }
    const size_t length = static_cast<size_t>(byte_at(position_)) << 8 | byte_at(position_ + 1);
    if (length < 2) fail(fmt::format("segment {:#x} has length {}", marker, length));
    byte_at(position_ + length - 1);
    const Bytes body = bytes_.subspan(position_ + 2, length - 2);
    position_ += length;
    if (is_frame(marker)) {
      frame(marker, body);
    } else if (marker == kDqt) {
      quantisers(body);
    } else if (marker == kDht) {
      huffman_tables(body);
    } else if (marker == kDri) {
      if (body.size() != 2) fail("restart interval of wrong length");
      restart_interval_ = body[0] << 8 | body[1];
    } else if (marker == kSos) {
      scan(body);
    } else if (marker == 0xE1 && body.size() > 6 && std::memcmp(body.data(), "Exif\0", 6) == 0) {
      header_.orientation = exif_orientation(body.subspan(6));
    } else if (marker == 0xEE && body.size() >= 12 && std::memcmp(body.data(), "Adobe", 6) == 0) {
      has_adobe_ = body[11] == 0 || body[11] == 2;
    }
  }

  void frame(int marker, Bytes body) {
    if (num_components_ != 0) fail("second frame header");
    if (marker > 0xC2)
      fail(
          fmt::format("only Huffman-coded baseline and progressive files are "
                      "read, got frame type {:#x}",
                      marker));
    progressive_ = marker == 0xC2;
    if (body.size() < 6) fail("frame header of wrong length");
    header_.bits = body[0];
    header_.height = body[1] << 8 | body[2];
    header_.width = body[3] << 8 | body[4];
    header_.channels = body[5];
    if (header_.bits != 8) fail(fmt::format("only 8 bits a sample are read, got {}", body[0]));
    if (body[5] != 1 && body[5] != 3 && body[5] != 4) {
      fail(fmt::format("1, 3 or 4 components are read, got {}", body[5]));
    }
    if (body.size() != 6u + 3u * body[5]) fail("frame header of wrong length");
    num_components_ = body[5];
    for (int c = 0; c < num_components_; ++c) {
      const uint8_t* entry = &body[6 + 3 * c];
      components_[c] = {entry[0], entry[1] >> 4, entry[1] & 15, entry[2], 0, 0, false};
      h_max_ = std::max(h_max_, components_[c].h);
      v_max_ = std::max(v_max_, components_[c].v);
    }
    for (int c = 0; c < num_components_; ++c) {
      Component& component = components_[c];
      if (component.h < 1 || component.h > 4 || component.v < 1 || component.v > 4 ||
          h_max_ % component.h != 0 || v_max_ % component.v != 0 || component.quantiser > 3) {
        fail(fmt::format("component {} has sampling {}x{} and quantiser {}", c, component.h,
                         component.v, component.quantiser));
      }
      component.blocks_x = ((int64_t{header_.width} * component.h + h_max_ - 1) / h_max_ + 7) / 8;
      component.blocks_y = ((int64_t{header_.height} * component.v + v_max_ - 1) / v_max_ + 7) / 8;
    }
  }

  void quantisers(Bytes body) {
    size_t at = 0;
    while (at < body.size()) {
      const int precision = body[at] >> 4, slot = body[at] & 15;
      at += precision == 0 ? 65 : 129;
      if (precision > 1 || slot > 3 || at > body.size()) fail("bad quantisation table");
      has_quantiser_[slot] = true;
    }
  }

  void huffman_tables(Bytes body) {
    size_t at = 0;
    while (at < body.size()) {
      if (body.size() - at < 17) fail("Huffman table of wrong length");
      const int is_ac = body[at] >> 4, slot = body[at] & 15;
      if (is_ac > 1 || slot > 3) fail("bad Huffman table");
      size_t num_symbols = 0;
      int64_t free_codes = 1;  // of the current length
      for (int length = 1; length <= 16; ++length) {
        free_codes = 2 * free_codes - body[at + length];
        num_symbols += body[at + length];
        if (free_codes < 0) fail("Huffman table with too many codes");
      }
      at += 17;
      if (num_symbols > 256 || body.size() - at < num_symbols) fail("bad Huffman table");
      for (size_t i = 0; i < num_symbols && !is_ac; ++i) {
        if (body[at + i] > 15) fail("Huffman table with a difference of more than 15 bits");
      }
      at += num_symbols;
      (is_ac ? has_ac_ : has_dc_)[slot] = num_symbols > 0;
    }
  }

  void scan(Bytes body) {
    if (num_components_ == 0) fail("scan before the frame header");
    if (++num_scans_ > max_scans_) {
      fail(fmt::format("more than {} scans", max_scans_));
    }
    const int count = body.empty() ? 0 : body[0];
    if (count < 1 || count > num_components_ || body.size() != 4u + 2u * count) {
      fail("bad scan header");
    }
    const int first = body[1 + 2 * count], last = body[2 + 2 * count];
    const int refined = body[3 + 2 * count] >> 4;
    if (progressive_ && first > 0 && count > 1) fail("interleaved scan of AC coefficients");
    if (progressive_ && (first > last || last > 63 || (first == 0 && last > 0))) {
      fail(fmt::format("scan of coefficients {} to {}", first, last));
    }
    const bool needs_dc = !progressive_ || (first == 0 && refined == 0);
    const bool needs_ac = !progressive_ || first > 0;
    int64_t units = 0;
    for (int i = 0; i < count; ++i) {
      Component* component =
          std::find_if(components_.begin(), components_.begin() + num_components_,
                       [&](const Component& c) { return c.id == body[1 + 2 * i]; });
      if (component == components_.begin() + num_components_) fail("scan of unknown component");
      const int dc = body[2 + 2 * i] >> 4, ac = body[2 + 2 * i] & 15;
      if (dc > 3 || ac > 3 || (needs_dc && !has_dc_[dc]) || (needs_ac && !has_ac_[ac])) {
        fail("scan with an undefined Huffman table");
      }
      if (!has_quantiser_[component->quantiser]) fail("undefined quantisation table");
      if (!needs_dc && !component->started) fail("refinement before the first scan");
      component->started = true;
      units = component->blocks_x * component->blocks_y;
    }
    if (count > 1) {
      units = ((header_.width + 8 * h_max_ - 1) / (8 * h_max_)) *
              int64_t{(header_.height + 8 * v_max_ - 1) / (8 * v_max_)};
    }
    skip_entropy_coded_data(units);
  }

  void skip_entropy_coded_data(int64_t units) {
    int64_t num_restarts = 0;
    for (;; ++position_) {
      const void* found = position_ < bytes_.size()
                              ? std::memchr(&bytes_[position_], 0xFF, bytes_.size() - position_)
                              : nullptr;
      if (!found) fail("ends within a scan, before the end-of-image marker");
      position_ = static_cast<const uint8_t*>(found) - bytes_.data();
      const int next = byte_at(position_ + 1);
      if (next == 0 || next == 0xFF) continue;
      if (!is_restart(next)) break;
      ++num_restarts;
    }
    // Where a restart is missing stb stops without an error and returns part of an image.
    const int64_t expected = restart_interval_ > 0 ? (units - 1) / restart_interval_ : 0;
    if (num_restarts < expected) {
      fail(fmt::format("a scan has {} restart markers instead of {}", num_restarts, expected));
    }
  }

  Bytes bytes_;
  const std::string& where_;
  int max_scans_;
  size_t position_ = 0;
  bool at_end_ = false, progressive_ = false, has_adobe_ = false;
  ImageHeader header_{};
  std::array<Component, 4> components_{};
  int num_components_ = 0, num_scans_ = 0, restart_interval_ = 0, h_max_ = 1, v_max_ = 1;
  std::array<bool, 4> has_quantiser_{}, has_dc_{}, has_ac_{};
};

}  // namespace

ImageHeader parse_jpeg_header(Bytes bytes, const std::string& where) {
  return JpegWalker(bytes, where, 0).header();
}

void check_jpeg_structure(Bytes bytes, const std::string& where, int max_scans) {
  JpegWalker(bytes, where, max_scans).check_all();
}

}  // namespace denovo::data
