// Python's pickle format, read without executing anything: opcodes make values, and a call of a
// function becomes a value that says which function with which arguments. Functions and classes
// are those of a list; every other one, and every opcode that files of weights do not need, is
// refused by its name.
//
// Source: pickletools.py of CPython, protocols 2 to 5; what torch.load(weights_only=True) allows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/foreign/byte_source.h"

namespace denovo::foreign {

/// Index of a value in its Pickle.
using PickleRef = uint32_t;

struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,        // integer
    kInteger,     // integer
    kReal,        // real
    kText,        // span, UTF-8
    kBytes,       // span; also the strings of Python 2
    kList,        // items; sets too
    kTuple,       // items
    kDict,        // items: key, value, key, value, …; also OrderedDict
    kGlobal,      // integer: index in the list of allowed globals
    kCall,        // items: the global, the tuple of arguments, and, if set, the state
    kPersistent,  // items: the identifier
  };
  Kind kind = Kind::kNone;
  union {
    int64_t integer = 0;
    double real;
    ByteSpan span;
  };
  std::vector<PickleRef> items;
};

/// Limits on what one pickle may make: with them it needs less than 100 MB.
inline constexpr size_t kMaxPickleValues = 800'000;
inline constexpr size_t kMaxPickleItems = 4'000'000;

/// One pickled object and all that it is made of. Containers may be shared, and may contain
/// themselves.
class Pickle {
 public:
  /// Reads from the source's position to behind the STOP opcode. `globals` are "module name".
  /// Throws IoError "<where>: …, at byte <position>" for what the class comment excludes, what is
  /// no pickle, integers beyond 64 bits, and more values than the limits.
  Pickle(ByteSource& source, std::span<const std::string_view> globals);

  const PickleValue& root() const { return values_[root_]; }
  const PickleValue& operator[](PickleRef ref) const { return values_[ref]; }

 private:
  friend class PickleMachine;
  std::vector<PickleValue> values_;
  PickleRef root_ = 0;
};

}  // namespace denovo::foreign
