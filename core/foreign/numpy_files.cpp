// NumPy's arrays: in a pickle, as Detectron's and detectron2's .pkl, and as .npy in an .npz.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/error.h"
#include "core/foreign/foreign_file.h"
#include "core/foreign/pickled_arrays.h"
#include "core/foreign/pickled_tensors.h"
#include "core/foreign/zip_archive.h"

namespace denovo::foreign {
namespace {

constexpr int64_t kMaxNpyHeader = 64 * 1024;

/// What stands behind 'KEY': in the Python dict of a .npy header, up to the comma that ends it.
std::string_view header_value(std::string_view header, std::string_view key,
                              const std::string& place) {
  const size_t found = header.find(fmt::format("'{}':", key));
  if (found == std::string_view::npos)
    throw IoError(fmt::format("{}: the header of a .npy must give {}", place, key));
  std::string_view value = header.substr(found + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  const size_t end = value.starts_with('(') ? value.find(')') : value.find_first_of(",}");
  return value.substr(0, end);
}

std::vector<int64_t> header_shape(std::string_view header, const std::string& place) {
  std::string_view text = header_value(header, "shape", place);
  if (!text.starts_with('('))
    throw IoError(fmt::format("{}: the shape in a .npy must be a tuple", place));
  text.remove_prefix(1);
  std::vector<int64_t> shape;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty()) return shape;
    int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{} || size < 0)
      throw IoError(fmt::format("{}: the shape in a .npy must hold sizes", place));
    shape.push_back(size);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with('L')) text.remove_prefix(1);  // Python 2
  }
}

/// The array in a .npy that begins with `start`; its storage is the whole member.
ForeignTensor npy_tensor(const std::string& start, const ZipMember& member,
                         const std::string& path) {
  const std::string place = tensor_place(path, member.name.substr(0, 600));
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(start[i])); };
  if (start.size() < 12 || !start.starts_with("\x93NUMPY") || byte(6) < 1 || byte(6) > 3)
    throw IoError(fmt::format("{}: is no .npy of version 1 to 3", place));
  const bool is_short = byte(6) == 1;
  const size_t begin = is_short ? 10 : 12;
  const size_t elements_at =
      begin + (byte(8) | byte(9) << 8 | (is_short ? 0 : byte(10) << 16 | byte(11) << 24));
  if (elements_at > start.size())
    throw IoError(fmt::format("{}: must begin with its header of {} bytes, got {}", place,
                              elements_at, start.size()));
  const std::string_view header = std::string_view(start).substr(begin, elements_at - begin);

  ForeignTensor tensor;
  tensor.name = member.name.substr(0, member.name.size() - 4);
  const std::string_view type = header_value(header, "descr", place);
  if (type.size() < 2 || (type[0] != '\'' && type[0] != '"'))
    throw IoError(fmt::format("{}: elements must have one type", place));
  tensor.type = numpy_type(type.substr(1, type.size() - 2), place);
  tensor.shape = header_shape(header, place);
  tensor.strides =
      packed_strides(tensor.shape, header_value(header, "fortran_order", place) == "True");
  // Headers are padded to 16 or 64 bytes, so that elements lie aligned.
  int64_t end = static_cast<int64_t>(elements_at) / size_of(tensor.type);
  tensor.offset = end;
  int64_t numel = 1;
  for (const int64_t size : tensor.shape)
    if (__builtin_mul_overflow(numel, size, &numel)) numel = -1;
  if (static_cast<int64_t>(elements_at) % size_of(tensor.type) != 0 || numel < 0 ||
      __builtin_add_overflow(end, numel, &end) || member.bytes % size_of(tensor.type) != 0 ||
      end != member.bytes / size_of(tensor.type))
    throw IoError(fmt::format(
        "{}: shape [{}] of {} must fill the member of {} bytes behind its "
        "header of {}",
        place, fmt::join(tensor.shape, ", "), name(tensor.type), member.bytes, elements_at));
  return tensor;
}

}  // namespace

ForeignContents read_numpy_pickle(const FileReader& file) {
  ForeignContents contents;
  contents.format = "a pickle of NumPy arrays";
  contents.source = std::make_unique<ByteSource>(file, file.path());
  const Pickle pickle(*contents.source, weight_globals());
  collect_tensors(
      pickle,
      [&](const TorchStorage&) -> size_t {
        throw IoError(fmt::format(
            "{}: is a pickle with tensors of PyTorch but not one of torch.save", file.path()));
      },
      contents);
  if (!contents.source->at_end())
    throw IoError(fmt::format("{}: must end with its pickle, got {} bytes behind it", file.path(),
                              contents.source->size() - contents.source->position()));
  return contents;
}

ForeignContents read_npz(const std::string& path, std::unique_ptr<ZipArchive> archive) {
  ForeignContents contents;
  contents.format = "an .npz of NumPy arrays";
  for (const ZipMember& member : archive->members()) {
    if (!member.name.ends_with(".npy")) continue;
    ForeignTensor tensor = npy_tensor(archive->start(member, kMaxNpyHeader), member, path);
    tensor.storage = contents.storages.size();
    contents.storages.push_back({ForeignStorage::Kind::kMember, {}, member.name, member.bytes});
    contents.tensors.push_back(std::move(tensor));
  }
  contents.archive = std::move(archive);
  return contents;
}

}  // namespace denovo::foreign
