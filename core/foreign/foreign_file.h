// Tensors in files of other programs, found by what the bytes say, never by the file's name:
//
//   PyTorch, from 1.6 on      a ZIP archive with */data.pkl and a member for each storage
//   PyTorch before            pickles one after another, then the storages
//   NumPy arrays in a pickle  Detectron's and detectron2's .pkl
//   .npz                      a ZIP archive of .npy members
//   safetensors               ours and those of others
//
// Nothing in a file is executed (pickle.h), nothing is decompressed, and what a file says is
// checked against what it holds when it is opened. Values are read on demand into the memory where
// they stay and not mapped: a file that is cut short meanwhile is an error and not a SIGBUS.
// Sources: torch/serialization.py and torch/_weights_only_unpickler.py; numpy/lib/format.py.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/files/safetensors_header.h"
#include "core/foreign/byte_source.h"
#include "core/foreign/element_type.h"

namespace denovo::foreign {

class ZipArchive;

struct ForeignTensor {
  std::string group;  // the dicts and lists that it lies in: "state_dict", "optimizer/state/0"
  std::string name;   // its key there
  ElementType type = ElementType::kF32;
  std::vector<int64_t> shape;
  // Element (i, j, …) is number offset + i * strides[0] + j * strides[1] + … of a storage.
  size_t storage = 0;
  int64_t offset = 0;
  std::vector<int64_t> strides;

  int64_t numel() const;
  /// group/name.
  std::string full_name() const { return group.empty() ? name : group + "/" + name; }
};

/// Bytes that tensors are views of.
struct ForeignStorage {
  enum class Kind : uint8_t {
    kSource,  // bytes of the source
    kLatin1,  // text of the source, whose UTF-8 characters U+0000 to U+00FF are the bytes
    kMember,  // a member of the archive
  };
  Kind kind = Kind::kSource;
  ByteSpan span = {};       // in the source
  std::string member = {};  // of the archive
  int64_t bytes = 0;        // of its elements
};

/// What the readers of formats give.
struct ForeignContents {
  std::string format;  // for people: "a PyTorch archive"
  std::vector<ForeignTensor> tensors;
  std::vector<ForeignStorage> storages;
  Metadata metadata;  // of safetensors
  std::unique_ptr<ByteSource> source;
  std::unique_ptr<ZipArchive> archive;
};

class ForeignFile {
 public:
  /// Throws IoError naming the file when it is none of the formats, or breaks its rules: truncated,
  /// checksums or sizes that differ, big-endian, compressed or overlapping members, an
  /// opcode or a type that files of weights do not need, element types that no tensor here has;
  /// tensors that reach beyond their storage, overlap themselves, have no name, or need more
  /// memory together than the file has bytes.
  explicit ForeignFile(const std::string& path);
  ~ForeignFile();

  const std::string& path() const { return file_.path(); }
  const std::string& format() const { return contents_.format; }
  const std::vector<ForeignTensor>& tensors() const { return contents_.tensors; }
  const Metadata& metadata() const { return contents_.metadata; }

  /// Copies the elements, in C order and as they stand in the file, to numel() * size_of(type)
  /// bytes. Throws IoError, for one when the checksum of a member is wrong. Not for two threads at
  /// once: storages with several views are kept from one call to the next.
  void read(const ForeignTensor& tensor, void* into) const;

 private:
  void check_tensors() const;
  void read_storage(const ForeignStorage& storage, void* into) const;

  FileReader file_;
  ForeignContents contents_;
  mutable std::vector<char> kept_;  // bytes of storage kept_index_
  mutable size_t kept_index_ = SIZE_MAX;
};

// The readers. Each throws IoError "<path>: …".
ForeignContents read_torch_archive(const std::string& path, std::unique_ptr<ZipArchive> archive);
ForeignContents read_torch_legacy(const FileReader& file);
ForeignContents read_numpy_pickle(const FileReader& file);
ForeignContents read_npz(const std::string& path, std::unique_ptr<ZipArchive> archive);
ForeignContents read_foreign_safetensors(const FileReader& file);

}  // namespace denovo::foreign
