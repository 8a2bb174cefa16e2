#include "core/foreign/torch_writer.h"

#include <fmt/format.h>
#include <zip.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/files/atomic_write.h"

namespace denovo::foreign {
namespace {

constexpr uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;

/// The pickle of a state dict, protocol 2, by the opcodes of pickle_opcodes.h.
class StateDictPickle {
 public:
  std::string of(const NamedTensors& tensors) {
    text_ = "\x80\x02";
    global("collections", "OrderedDict");
    text_ += ")R(";
    for (size_t i = 0; i < tensors.size(); ++i) {
      unicode(tensors[i].first);
      tensor(tensors[i].second, i);
    }
    return text_ + "u.";
  }

 private:
  void global(const char* module, const char* name) {
    text_ += fmt::format("c{}\n{}\n", module, name);
  }
  void little_endian(int64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> 8 * i & 0xff);
  }
  void unicode(const std::string& text) {
    text_ += 'X';
    little_endian(static_cast<int64_t>(text.size()), 4);
    text_ += text;
  }
  void integer(int64_t value) {
    text_ += "\x8a\x08";  // LONG1 of eight bytes
    little_endian(value, 8);
  }
  /// _rebuild_tensor_v2(('storage', FloatStorage, key, 'cpu', elements), 0, shape, strides, False,
  /// OrderedDict())
  void tensor(const Tensor& tensor, size_t key) {
    global("torch._utils", "_rebuild_tensor_v2");
    text_ += "((";
    unicode("storage");
    global("torch", "FloatStorage");
    unicode(std::to_string(key));
    unicode("cpu");
    integer(tensor.numel());
    text_ += "tQ";
    integer(0);
    text_ += '(';
    for (int d = 0; d < tensor.rank(); ++d) integer(tensor.size(d));
    text_ += "t(";
    int64_t stride = tensor.numel();
    for (int d = 0; d < tensor.rank(); ++d) {
      stride /= std::max<int64_t>(tensor.size(d), 1);
      integer(stride);
    }
    text_ += "t\x89";
    global("collections", "OrderedDict");
    text_ += ")RtR";
  }

  std::string text_;
};

/// A ZIP archive that grows in memory.
class ZipBuilder {
 public:
  explicit ZipBuilder(std::string path) : path_(std::move(path)) {
    zip_error_t error;
    zip_error_init(&error);
    source_.reset(zip_source_buffer_create(nullptr, 0, 0, &error));
    if (source_) zip_ = zip_open_from_source(source_.get(), ZIP_CREATE, &error);
    if (!zip_) fail(zip_error_strerror(&error));
    zip_source_keep(source_.get());  // one reference is the archive's
  }
  ~ZipBuilder() {
    if (zip_) zip_discard(zip_);
  }
  ZipBuilder(const ZipBuilder&) = delete;
  ZipBuilder& operator=(const ZipBuilder&) = delete;

  /// `bytes` must stay where they are until finish().
  void add(const std::string& name, const void* bytes, size_t size) {
    zip_source_t* const member = zip_source_buffer(zip_, bytes, size, 0);
    const zip_int64_t index =
        member ? zip_file_add(zip_, name.c_str(), member, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
      zip_source_free(member);
      fail(zip_strerror(zip_));
    }
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(zip_, at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip_, at, 0, kFirstOfJanuary1980, 0) != 0)
      fail(zip_strerror(zip_));
  }

  /// Hands the archive over in pieces.
  template <class Write>
  void finish(Write write) {
    if (zip_close(zip_) != 0) fail(zip_strerror(zip_));
    zip_ = nullptr;
    if (zip_source_open(source_.get()) != 0) fail("cannot be read back");
    std::vector<char> piece(size_t{1} << 20);
    for (;;) {
      const zip_int64_t got = zip_source_read(source_.get(), piece.data(), piece.size());
      if (got < 0) fail("cannot be read back");
      if (got == 0) break;
      write(piece.data(), got);
    }
    zip_source_close(source_.get());
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw ResourceError(fmt::format("{}: the archive cannot be made: {}", path_, why));
  }

  std::string path_;
  std::unique_ptr<zip_source_t, decltype(&zip_source_free)> source_{nullptr, &zip_source_free};
  zip_t* zip_ = nullptr;
};

}  // namespace

void write_torch_archive(const std::string& path, const NamedTensors& tensors) {
  const std::string folder = "archive/";
  const std::string pickle = StateDictPickle().of(tensors);
  ZipBuilder zip(path);
  zip.add(folder + "data.pkl", pickle.data(), pickle.size());
  zip.add(folder + "byteorder", "little", 6);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i].second;
    DENOVO_DCHECK(tensor.dtype() == DType::kF32 && tensor.device() == kCpu);
    zip.add(fmt::format("{}data/{}", folder, i), tensor.raw(), tensor.bytes());
  }
  zip.add(folder + "version", "3\n", 2);
  AtomicFile file(path);
  zip.finish([&](const char* bytes, int64_t size) { file.write(bytes, size); });
  file.commit();
}

}  // namespace denovo::foreign
