#include "core/foreign/foreign_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/foreign/zip_archive.h"

namespace denovo::foreign {
namespace {

// Weights that are tied, and small tensors: more than that is a file made to exhaust memory.
constexpr int64_t kSharedBytes = int64_t{64} << 20;

std::string file_start(const FileReader& file) {
  std::string start(static_cast<size_t>(std::min<int64_t>(file.size(), 512)), '\0');
  file.read_at(0, start.data(), static_cast<int64_t>(start.size()));
  return start;
}

/// A header of a possible length, and the brace that begins it. Asked first: the length may begin
/// with the bytes of any other format.
bool is_safetensors(const std::string& start, int64_t file_bytes) {
  if (start.size() <= 8 || start[8] != '{') return false;
  uint64_t length = 0;
  std::memcpy(&length, start.data(), sizeof length);
  return length <= static_cast<uint64_t>(std::min(file_bytes, kMaxHeaderBytes));
}

bool has_member(const ZipArchive& archive, std::string_view ending) {
  return std::any_of(archive.members().begin(), archive.members().end(),
                     [&](const ZipMember& member) { return member.name.ends_with(ending); });
}

ForeignContents open_by_content(const FileReader& file) {
  using namespace std::string_view_literals;
  const std::string start = file_start(file);
  const auto begins = [&](std::string_view magic) { return start.starts_with(magic); };
  if (is_safetensors(start, file.size())) return read_foreign_safetensors(file);
  if (begins("PK\3\4"sv) || begins("PK\5\6"sv)) {
    auto archive = std::make_unique<ZipArchive>(file.path());
    if (has_member(*archive, "data.pkl"))
      return read_torch_archive(file.path(), std::move(archive));
    if (has_member(*archive, ".npy")) return read_npz(file.path(), std::move(archive));
    throw IoError(fmt::format(
        "{}: is a ZIP archive with neither data.pkl, as PyTorch writes, nor .npy members, got {}",
        file.path(), archive->members().empty() ? "nothing" : archive->members()[0].name));
  }
  // The magic number of torch.save before PyTorch 1.6, pickled.
  if (begins("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv))
    return read_torch_legacy(file);
  if (begins("\x80"sv)) return read_numpy_pickle(file);
  if (begins("\x93NUMPY"sv))
    throw IoError(fmt::format("{}: is one NumPy array without a name; write it with numpy.savez",
                              file.path()));
  if (begins("\x89HDF"sv))
    throw IoError(fmt::format("{}: is HDF5, as Keras writes, which is not read", file.path()));
  if (start.size() > 262 && std::string_view(start).substr(257).starts_with("ustar"))
    throw IoError(
        fmt::format("{}: is a tar archive, as PyTorch before 0.2 wrote; load and save it "
                    "with a later one",
                    file.path()));
  if (start.size() > 8 && start[8] == '{') return read_foreign_safetensors(file);  // says why not
  throw IoError(
      fmt::format("{}: is no file of weights: neither safetensors nor PyTorch's, and no "
                  "pickle or .npz of NumPy arrays",
                  file.path()));
}

/// The sum of a and b * c, or nothing when a step overflows.
bool add_product(int64_t& a, int64_t b, int64_t c) {
  int64_t product = 0;
  return !__builtin_mul_overflow(b, c, &product) && !__builtin_add_overflow(a, product, &a);
}

/// Strides in whose order each dimension steps over all that the smaller ones reach.
bool overlaps_itself(const ForeignTensor& tensor) {
  std::vector<size_t> order;
  for (size_t d = 0; d < tensor.shape.size(); ++d)
    if (tensor.shape[d] > 1) order.push_back(d);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return tensor.strides[a] < tensor.strides[b]; });
  int64_t reach = 1;  // elements from the first to behind the last; fits, as it lies in a storage
  for (const size_t d : order) {
    if (tensor.strides[d] < reach) return true;
    reach += (tensor.shape[d] - 1) * tensor.strides[d];
  }
  return false;
}

}  // namespace

int64_t ForeignTensor::numel() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

ForeignFile::ForeignFile(const std::string& path) : file_(path), contents_(open_by_content(file_)) {
  check_tensors();
}

ForeignFile::~ForeignFile() = default;

void ForeignFile::check_tensors() const {
  const auto& tensors = contents_.tensors;
  if (tensors.size() > static_cast<size_t>(kMaxTensors))
    throw IoError(fmt::format("{}: must hold at most {} tensors, got {}", path(), kMaxTensors,
                              tensors.size()));
  std::set<std::tuple<size_t, int64_t, std::vector<int64_t>, std::vector<int64_t>>> views;
  std::set<std::pair<std::string_view, std::string_view>> names;
  int64_t total = 0;
  for (const ForeignTensor& tensor : tensors) {
    const std::string place = tensor_place(path(), tensor.full_name().substr(0, 600));
    const ForeignStorage& storage = contents_.storages.at(tensor.storage);
    if (tensor.full_name().size() > kMaxTensorNameBytes || tensor.name.empty() ||
        tensor.full_name().find('\0') != std::string::npos)
      throw IoError(
          fmt::format("{}: a name must have 1 to {} bytes and no NUL", place, kMaxTensorNameBytes));
    if (!names.emplace(tensor.group, tensor.name).second)
      throw IoError(place + ": stands there twice");
    const auto shape_error = [&](const char* rule) {
      return IoError(
          fmt::format("{}: {}, got shape [{}], strides [{}] and offset {} in {} elements", place,
                      rule, fmt::join(tensor.shape, ", "), fmt::join(tensor.strides, ", "),
                      tensor.offset, storage.bytes / size_of(tensor.type)));
    };
    const auto negative = [](int64_t n) { return n < 0; };
    if (tensor.strides.size() != tensor.shape.size() || tensor.offset < 0 ||
        std::any_of(tensor.shape.begin(), tensor.shape.end(), negative) ||
        std::any_of(tensor.strides.begin(), tensor.strides.end(), negative))
      throw shape_error("needs a stride for each dimension, and nothing negative");
    bool fits = true;
    int64_t numel = 1, last = tensor.offset;
    for (size_t d = 0; d < tensor.shape.size(); ++d) {
      fits = fits && !__builtin_mul_overflow(numel, tensor.shape[d], &numel) &&
             add_product(last, std::max<int64_t>(tensor.shape[d] - 1, 0), tensor.strides[d]);
    }
    if (!fits || (numel > 0 && last >= storage.bytes / size_of(tensor.type)))
      throw shape_error("must lie within its storage");
    if (numel > 1 && overlaps_itself(tensor))
      throw shape_error("elements must not share their place");
    if (!views.emplace(tensor.storage, tensor.offset, tensor.shape, tensor.strides).second)
      continue;
    total += numel * size_of(tensor.type);
    if (total > file_.size() + kSharedBytes)
      throw IoError(
          fmt::format("{}: its tensors are views of each other and need more memory than "
                      "the {} bytes of the file",
                      path(), file_.size()));
  }
}

void ForeignFile::read_storage(const ForeignStorage& storage, void* into) const {
  switch (storage.kind) {
    case ForeignStorage::Kind::kSource:
      contents_.source->read(storage.span, into);
      return;
    case ForeignStorage::Kind::kMember:
      contents_.archive->read(storage.member, into, storage.bytes);
      return;
    case ForeignStorage::Kind::kLatin1:
      break;
  }
  const std::string text = contents_.source->text(storage.span);
  auto* bytes = static_cast<uint8_t*>(into);
  const uint8_t* const end = bytes + storage.bytes;
  size_t i = 0;
  for (; i < text.size() && bytes < end; ++i) {
    auto c = static_cast<uint8_t>(text[i]);
    if (c >= 0x80) {  // U+0080 to U+00FF: 110000xx 10xxxxxx
      const auto low = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
      if ((c & 0xfc) != 0xc0 || (low & 0xc0) != 0x80) break;
      c = static_cast<uint8_t>(c << 6 | (low & 0x3f));
      ++i;
    }
    *bytes++ = c;
  }
  if (i != text.size() || bytes != end)
    throw IoError(fmt::format("{}: an array must be {} bytes, written as Latin-1 text, got {}",
                              contents_.source->where(), storage.bytes,
                              storage.bytes - (end - bytes)));
}

void ForeignFile::read(const ForeignTensor& tensor, void* into) const {
  const ForeignStorage& storage = contents_.storages.at(tensor.storage);
  const int64_t element = size_of(tensor.type), numel = tensor.numel();
  if (numel == 0) return;
  bool contiguous = true;
  int64_t step = 1;
  for (size_t d = tensor.shape.size(); d-- > 0;) {
    contiguous = contiguous && (tensor.shape[d] == 1 || tensor.strides[d] == step);
    step *= tensor.shape[d];
  }
  if (contiguous && numel * element == storage.bytes) return read_storage(storage, into);

  if (kept_index_ != tensor.storage) {
    kept_index_ = SIZE_MAX;
    kept_.resize(static_cast<size_t>(storage.bytes));
    read_storage(storage, kept_.data());
    kept_index_ = tensor.storage;
  }
  const char* const first = kept_.data() + tensor.offset * element;
  if (contiguous) {
    std::memcpy(into, first, static_cast<size_t>(numel * element));
    return;
  }
  auto* to = static_cast<char*>(into);
  std::vector<int64_t> index(tensor.shape.size(), 0);
  int64_t place = 0;
  for (int64_t i = 0; i < numel; ++i, to += element) {
    std::memcpy(to, first + place * element, static_cast<size_t>(element));
    for (size_t d = tensor.shape.size(); d-- > 0;) {
      place += tensor.strides[d];
      if (++index[d] < tensor.shape[d]) break;
      place -= tensor.strides[d] * tensor.shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace denovo::foreign
