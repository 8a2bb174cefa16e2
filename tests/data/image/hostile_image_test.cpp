// What images from strangers cost before they are refused, and what sound ones cost at most.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "core/error.h"
#include "data/image/image_file.h"
#include "testing/draw.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using namespace denovo::data;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr int64_t kMegabyte = int64_t{1} << 20;

Bytes sample(const std::string& name) {
  return read_bytes(DENOVO_TEST_DATA "/data_files/image/" + name);
}

void put_big_endian(Bytes& bytes, size_t at, uint32_t value, int num_bytes) {
  for (int i = 0; i < num_bytes; ++i)
    bytes[at + i] = static_cast<uint8_t>(value >> 8 * (num_bytes - 1 - i));
}

/// A PNG that claims this size, with a checksum that agrees.
Bytes png_of_size(Bytes png, uint32_t height, uint32_t width) {
  constexpr size_t kType = 12, kWidth = 16, kHeight = 20, kChecksum = 29;
  put_big_endian(png, kWidth, width, 4);
  put_big_endian(png, kHeight, height, 4);
  put_big_endian(png, kChecksum, testing::crc32(&png[kType], kChecksum - kType), 4);
  return png;
}

Bytes jpeg_of_size(Bytes jpeg, uint32_t height, uint32_t width) {
  const uint8_t frame[2] = {0xFF, 0xC0};
  const auto found = std::search(jpeg.begin(), jpeg.end(), frame, frame + 2);
  const auto at = static_cast<size_t>(found - jpeg.begin());
  put_big_endian(jpeg, at + 5, height, 2);
  put_big_endian(jpeg, at + 7, width, 2);
  return jpeg;
}

/// Soft colours with some noise, so that neither format finds it trivial.
Image picture(int height, int width) {
  Image image(height, width);
  testing::Draw draw(1);
  for (size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<uint8_t>((i >> 6) % 200 + draw.below(8));
  return image;
}

/// Bytes by which the resident memory of a process that decodes `bytes` grows at most.
int64_t peak_of_decoding(const Bytes& bytes, bool accepted) {
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    int64_t grown = -1;
    std::ifstream statm("/proc/self/statm");
    int64_t pages = 0, resident = 0;
    statm >> pages >> resident;
    bool decoded = true;
    try {
      decode_image(bytes, "x");
    } catch (const IoError&) {
      decoded = false;
    }
    rusage usage{};
    if (decoded == accepted && getrusage(RUSAGE_SELF, &usage) == 0)
      grown = usage.ru_maxrss * 1024 - resident * sysconf(_SC_PAGESIZE);
    _exit(write(pipe_ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
  }
  close(pipe_ends[1]);
  int64_t grown = -1;
  CHECK(read(pipe_ends[0], &grown, sizeof grown) == sizeof grown);
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  return grown;
}

/// The limit that decode_image's contract states.
int64_t stated_limit(const Bytes& bytes, int64_t pixels) {
  return 32 * pixels + 3 * static_cast<int64_t>(bytes.size());
}

// A sanitizer's shadow and quarantine are resident too.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMeasurable = false;
#else
constexpr bool kMeasurable = true;
#endif

}  // namespace

TEST_CASE("read_image: a header of 30000 x 30000 is refused within 50 ms") {
  const testing::TemporaryDirectory dir;
  Bytes jpeg = jpeg_of_size(sample("baseline_444.jpg"), 30000, 30000);
  jpeg.resize(10'500'000);  // what such a file of one colour has
  Bytes png = png_of_size(sample("one_bit.png"), 30000, 30000);
  png.resize(109'000);
  for (const auto& [name, bytes] : {std::pair<std::string, Bytes>("a.jpg", jpeg), {"a.png", png}}) {
    CAPTURE(name);
    write_bytes(dir / name, bytes);
    const std::string refusal = dir / name +
                                ": images must have 1 to 178956970 pixels and sides up to 65500, "
                                "got 30000 high and 30000 wide";
    double best_ms = 1e9;  // of a few, because the machine may be busy
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      CHECK_THROWS_WITH_AS(read_image_header(dir / name), refusal.c_str(), IoError);
      CHECK_THROWS_WITH_AS(read_image(dir / name), refusal.c_str(), IoError);
      const std::chrono::duration<double, std::milli> spent =
          std::chrono::steady_clock::now() - start;
      best_ms = std::min(best_ms, spent.count());
    }
    CHECK(best_ms < 50);
  }
}

TEST_CASE("decode_image: memory stays within 1.2 times the stated limit") {
  const int height = 2000, width = 3000;
  const Image image = picture(height, width);
  for (const Bytes& bytes : {encode_jpeg(image), encode_jpeg(image, 95), encode_png(image)}) {
    const int64_t grown = peak_of_decoding(bytes, true);
    CHECK(grown > 3 * int64_t{height} * width);  // the measure works: the pixels alone
    if (kMeasurable)
      CHECK(static_cast<double>(grown) <=
            1.2 * static_cast<double>(stated_limit(bytes, int64_t{height} * width)));
  }
}

TEST_CASE("decode_image: a PNG whose pixels expand without end stops at the limit of its size") {
  // 48 MB of zeros in some hundred KB, under a header of 200 x 200.
  const Bytes bomb = png_of_size(encode_png(Image(4000, 4000)), 200, 200);
  const int64_t grown = peak_of_decoding(bomb, false);
  CHECK(grown >= 0);
  // The decoder may have 4 MB beyond the stated limit, for what it allocates for any image.
  if (kMeasurable)
    CHECK(static_cast<double>(grown) <=
          1.2 * static_cast<double>(stated_limit(bomb, 200 * 200) + 4 * kMegabyte));
}
