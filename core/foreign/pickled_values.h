// Access to the values of a pickle as what they have to be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/foreign/byte_source.h"
#include "core/foreign/pickle.h"

namespace denovo::foreign {

/// Each member throws IoError "<where>: …" when a value is of another kind.
class PickledValues {
 public:
  /// Both must outlive this.
  PickledValues(const Pickle& pickle, const ByteSource& source)
      : pickle_(pickle), source_(source) {}

  const Pickle& pickle() const { return pickle_; }
  const std::string& where() const { return source_.where(); }
  [[noreturn]] void fail(const std::string& what) const;

  /// An item of a container, an argument of a tuple.
  const PickleValue& at(const PickleValue& container, size_t item) const;
  int64_t integer(const PickleValue& value) const;
  bool boolean(const PickleValue& value) const;
  std::vector<int64_t> integers(const PickleValue& value) const;
  /// At most 512 bytes.
  std::string text(const PickleValue& value) const;
  /// A key of a dict: text, or an integer in decimals.
  std::string key(const PickleValue& value) const;
  /// "module name".
  std::string_view global(const PickleValue& value) const;

 private:
  const Pickle& pickle_;
  const ByteSource& source_;
};

}  // namespace denovo::foreign
