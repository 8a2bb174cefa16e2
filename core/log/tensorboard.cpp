// TensorBoard's event file without its libraries: records of tensorflow/core/lib/io/record_writer,
// each an Event message of tensorflow/core/util/event.proto in protocol-buffer wire format.
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstring>

#include "core/files/crc32c.h"
#include "core/log/metrics.h"

namespace denovo {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

template <class T>
void put_raw(std::string& bytes, T number) {
  char raw[sizeof(T)];
  std::memcpy(raw, &number, sizeof(T));
  bytes.append(raw, sizeof(T));
}

void put_varint(std::string& bytes, uint64_t number) {
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  bytes += static_cast<char>(number);
}

enum class WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_tag(std::string& bytes, int field, WireType type) {
  put_varint(bytes, static_cast<uint64_t>(field << 3 | static_cast<int>(type)));
}

void put_bytes(std::string& bytes, int field, const std::string& content) {
  put_tag(bytes, field, WireType::kBytes);
  put_varint(bytes, content.size());
  bytes += content;
}

/// Checksums of data that contains checksums are weak, hence the mask.
uint32_t masked_crc(const std::string& bytes) {
  const uint32_t crc = crc32c(bytes.data(), bytes.size());
  return std::rotr(crc, 15) + 0xa282ead8u;
}

std::string record(const std::string& event) {
  std::string bytes;
  put_raw<uint64_t>(bytes, event.size());
  put_raw(bytes, masked_crc(bytes));
  bytes += event;
  put_raw(bytes, masked_crc(event));
  return bytes;
}

std::string event_head(double wall_time, int64_t step) {
  std::string event;
  put_tag(event, 1, WireType::kFixed64);
  put_raw(event, wall_time);
  put_tag(event, 2, WireType::kVarint);
  put_varint(event, static_cast<uint64_t>(step));
  return event;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string event_file_name() {
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  static int num_files = 0;
  return fmt::format("events.out.tfevents.{}.{}.{}.{}", static_cast<int64_t>(wall_seconds()), host,
                     getpid(), num_files++);
}

}  // namespace

std::string tensorboard_version_record(double wall_time) {
  std::string event = event_head(wall_time, 0);
  put_bytes(event, 3, "brain.Event:2");
  return record(event);
}

std::string tensorboard_scalar_record(double wall_time, int64_t step,
                                      const std::vector<Metric>& metrics) {
  std::string summary;
  for (const Metric& metric : metrics) {
    std::string value;
    put_bytes(value, 1, metric.name);
    put_tag(value, 2, WireType::kFixed32);
    put_raw(value,
            std::visit([](auto number) { return static_cast<float>(number); }, metric.value));
    put_bytes(summary, 1, value);
  }
  std::string event = event_head(wall_time, step);
  put_bytes(event, 5, summary);
  return record(event);
}

TensorBoardFile::TensorBoardFile(const std::string& directory)
    : file_(directory + "/" + event_file_name(), FileWriter::Mode::kAppend) {
  file_.write(tensorboard_version_record(wall_seconds()));
}

void TensorBoardFile::write(int64_t iteration, const std::vector<Metric>& metrics) {
  file_.write(tensorboard_scalar_record(wall_seconds(), iteration, metrics));
}

}  // namespace denovo
