#include "core/foreign/pickled_values.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files/safetensors_header.h"
#include "core/foreign/pickled_tensors.h"

namespace denovo::foreign {

using Kind = PickleValue::Kind;

void PickledValues::fail(const std::string& what) const {
  throw IoError(fmt::format("{}: {}", where(), what));
}

const PickleValue& PickledValues::at(const PickleValue& container, size_t item) const {
  if (item >= container.items.size()) fail("a pickled tensor lacks a part of its description");
  return pickle_[container.items[item]];
}

int64_t PickledValues::integer(const PickleValue& value) const {
  if (value.kind != Kind::kInteger) fail("sizes, strides and offsets must be integers");
  return value.integer;
}

bool PickledValues::boolean(const PickleValue& value) const {
  if (value.kind != Kind::kBool && value.kind != Kind::kInteger)
    fail("the order of an array must be true or false");
  return value.integer != 0;
}

std::vector<int64_t> PickledValues::integers(const PickleValue& value) const {
  // torch.Size((2, 3)) is a call with a tuple.
  const PickleValue& list = value.kind == Kind::kCall ? at(at(value, 1), 0) : value;
  if (list.kind != Kind::kTuple && list.kind != Kind::kList)
    fail("sizes and strides must be tuples");
  std::vector<int64_t> integers;
  for (const PickleRef item : list.items) integers.push_back(integer(pickle_[item]));
  return integers;
}

std::string PickledValues::text(const PickleValue& value) const {
  if (value.kind != Kind::kText && value.kind != Kind::kBytes) fail("a name must be a string");
  if (value.span.size > static_cast<int64_t>(kMaxTensorNameBytes))
    fail(fmt::format("a name must have at most {} bytes, got {}", kMaxTensorNameBytes,
                     value.span.size));
  return source_.text(value.span);
}

std::string PickledValues::key(const PickleValue& value) const {
  return value.kind == Kind::kInteger ? std::to_string(value.integer) : text(value);
}

std::string_view PickledValues::global(const PickleValue& value) const {
  if (value.kind != Kind::kGlobal) fail("a type or function must be named");
  return weight_globals()[static_cast<size_t>(value.integer)];
}

}  // namespace denovo::foreign
