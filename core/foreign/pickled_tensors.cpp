#include "core/foreign/pickled_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/foreign/pickled_arrays.h"
#include "core/foreign/pickled_values.h"

namespace denovo::foreign {
namespace {

using Kind = PickleValue::Kind;

constexpr int kMaxDepth = 100;

struct StorageClass {
  std::string_view name;
  ElementType type;
};
constexpr std::array kStorageClasses = {
    StorageClass{"DoubleStorage", ElementType::kF64},
    StorageClass{"FloatStorage", ElementType::kF32},
    StorageClass{"HalfStorage", ElementType::kF16},
    StorageClass{"BFloat16Storage", ElementType::kBF16},
    StorageClass{"LongStorage", ElementType::kI64},
    StorageClass{"IntStorage", ElementType::kI32},
    StorageClass{"ShortStorage", ElementType::kI16},
    StorageClass{"CharStorage", ElementType::kI8},
    StorageClass{"ByteStorage", ElementType::kU8},
    StorageClass{"BoolStorage", ElementType::kBool},
};

/// Walks from the root to every tensor.
class Collector {
 public:
  Collector(const Pickle& pickle, const StorageOf& storage_of, ForeignContents& contents)
      : values_(pickle, *contents.source), storage_of_(storage_of), contents_(contents) {}

  void run() { visit(values_.pickle().root(), {}, {}, 0); }

 private:
  // A container that several lead to is shown where it is met first; that ends circles too.
  void visit(const PickleValue& value, const std::string& group, const std::string& name,
             int depth) {
    switch (value.kind) {
      case Kind::kDict:
      case Kind::kList:
      case Kind::kTuple:
        visit_container(value, group, name, depth);
        return;
      case Kind::kCall:
        visit_call(value, group, name, depth);
        return;
      default:
        return;
    }
  }

  void visit_container(const PickleValue& value, const std::string& group, const std::string& name,
                       int depth) {
    if (depth == kMaxDepth)
      values_.fail(fmt::format("dicts and lists must nest at most {} deep", kMaxDepth));
    if (!visited_.insert(&value).second) return;
    const std::string inner = group.empty() ? name : group + "/" + name;
    if (inner.size() > kMaxTensorNameBytes) values_.fail("the names of its dicts are too long");
    const bool is_dict = value.kind == Kind::kDict;
    for (size_t i = 0; i < value.items.size(); i += is_dict ? 2 : 1) {
      const PickleValue& item = values_.at(value, i + (is_dict ? 1 : 0));
      if (!may_hold_tensors(item)) continue;
      visit(item, inner, is_dict ? values_.key(values_.at(value, i)) : std::to_string(i),
            depth + 1);
    }
  }

  static bool may_hold_tensors(const PickleValue& value) {
    return value.kind == Kind::kDict || value.kind == Kind::kList || value.kind == Kind::kTuple ||
           value.kind == Kind::kCall;
  }

  void visit_call(const PickleValue& value, const std::string& group, const std::string& name,
                  int depth) {
    const std::string_view function = values_.global(values_.at(value, 0));
    const PickleValue& arguments = values_.at(value, 1);
    if (function.starts_with("torch._utils _rebuild_parameter")) {
      if (depth == kMaxDepth) values_.fail("parameters must not nest");
      visit(values_.at(arguments, 0), group, name, depth + 1);
      return;
    }
    const bool is_tensor = function.starts_with("torch._utils _rebuild_tensor"),
               is_array = is_array_call(function);
    if (!is_tensor && !is_array) return;
    if (name.empty()) values_.fail("holds one tensor without a name, and no dict of tensors");
    ForeignTensor tensor =
        is_tensor ? torch_tensor(arguments) : pickled_array(values_, value, contents_.storages);
    tensor.group = group;
    tensor.name = name;
    contents_.tensors.push_back(std::move(tensor));
  }

  /// (storage, offset, size, stride, …)
  ForeignTensor torch_tensor(const PickleValue& arguments) {
    ForeignTensor tensor;
    const PickleValue& storage = values_.at(arguments, 0);
    if (storage.kind != Kind::kPersistent) values_.fail("a tensor must begin with its storage");
    const TorchStorage told = torch_storage(values_.at(storage, 0));
    tensor.type = told.type;
    tensor.storage = storage_of_(told);
    tensor.offset = values_.integer(values_.at(arguments, 1));
    tensor.shape = values_.integers(values_.at(arguments, 2));
    tensor.strides = values_.integers(values_.at(arguments, 3));
    return tensor;
  }

  TorchStorage torch_storage(const PickleValue& id) {
    if (id.kind != Kind::kTuple || id.items.size() < 5 ||
        values_.text(values_.at(id, 0)) != "storage")
      values_.fail("a storage must be named by ('storage', type, key, location, elements)");
    if (id.items.size() > 5 && values_.at(id, 5).kind != Kind::kNone)
      values_.fail(
          "a storage is a view of another one, as PyTorch before 0.4 wrote; load and save it with "
          "a later one");
    const std::string_view type = values_.global(values_.at(id, 1));
    TorchStorage storage;
    storage.type = storage_type(type.substr(type.find(' ') + 1), values_.where());
    storage.key = values_.text(values_.at(id, 2));
    const int64_t elements = values_.integer(values_.at(id, 4));
    if (elements < 0 || __builtin_mul_overflow(elements, size_of(storage.type), &storage.bytes))
      values_.fail(fmt::format("a storage must have a possible size, got {} elements", elements));
    return storage;
  }

  PickledValues values_;
  const StorageOf& storage_of_;
  ForeignContents& contents_;
  std::unordered_set<const PickleValue*> visited_;
};

}  // namespace

std::span<const std::string_view> weight_globals() {
  static constexpr std::array<std::string_view, 41> kGlobals = {
      "collections OrderedDict",
      "collections defaultdict",
      "__builtin__ set",
      "builtins set",
      "__builtin__ dict",
      "builtins dict",
      "__builtin__ bytes",
      "builtins bytes",
      "__builtin__ bytearray",
      "builtins bytearray",
      "_codecs encode",
      "torch._utils _rebuild_tensor",
      "torch._utils _rebuild_tensor_v2",
      "torch._utils _rebuild_parameter",
      "torch._utils _rebuild_parameter_with_state",
      "torch Size",
      "torch device",
      "torch DoubleStorage",
      "torch FloatStorage",
      "torch HalfStorage",
      "torch BFloat16Storage",
      "torch LongStorage",
      "torch IntStorage",
      "torch ShortStorage",
      "torch CharStorage",
      "torch ByteStorage",
      "torch BoolStorage",
      "torch float32",
      "torch float64",
      "torch float16",
      "torch bfloat16",
      "torch int64",
      "torch int32",
      "numpy ndarray",
      "numpy dtype",
      "numpy.core.multiarray _reconstruct",
      "numpy._core.multiarray _reconstruct",
      "numpy.core.multiarray scalar",
      "numpy._core.multiarray scalar",
      "numpy.core.numeric _frombuffer",
      "numpy._core.numeric _frombuffer",
  };
  return kGlobals;
}

ElementType storage_type(std::string_view torch_class, const std::string& where) {
  const auto known =
      std::find_if(kStorageClasses.begin(), kStorageClasses.end(),
                   [&](const StorageClass& entry) { return entry.name == torch_class; });
  if (known == kStorageClasses.end())
    throw IoError(fmt::format("{}: no tensor here holds the elements of a {}", where, torch_class));
  return known->type;
}

void collect_tensors(const Pickle& pickle, const StorageOf& storage_of, ForeignContents& contents) {
  Collector(pickle, storage_of, contents).run();
}

}  // namespace denovo::foreign
