#include "ops/conv2d/conv2d_trace.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/error.h"

namespace denovo::ops {
namespace {

Conv2dObserver& observer() {
  static Conv2dObserver current;
  return current;
}

/// What a line holds of a key, in its order.
std::array<int64_t*, 16> fields(Conv2dKey& k) {
  return {&k.n,  &k.h,      &k.w,       &k.c_in,     &k.out_h,  &k.out_w, &k.c_out, &k.kh,
          &k.kw, &k.stride, &k.padding, &k.dilation, &k.groups, &k.relu,  &k.bias,  &k.accumulate};
}

constexpr std::array kDirections{"forward", "data", "weight"};

}  // namespace

void observe_convolutions(Conv2dObserver next) {
  observer() = std::move(next);
}

void note_convolution(ConvDirection direction, const Conv2dSizes& sizes, DType dtype, bool bias,
                      bool accumulate) {
  if (!observer()) return;
  Conv2dKey key(direction, sizes, dtype, bias);
  key.accumulate = accumulate;
  observer()(key);
}

std::string key_line(const Conv2dKey& key) {
  Conv2dKey copy = key;
  std::string line = kDirections[static_cast<size_t>(key.direction)];
  for (const int64_t* field : fields(copy)) line += fmt::format(" {}", *field);
  return line;
}

Conv2dKey key_of_line(const std::string& line, DType dtype) {
  std::istringstream in(line);
  std::string word;
  in >> word;
  Conv2dKey key{};
  const auto direction = std::find(kDirections.begin(), kDirections.end(), word);
  key.direction = static_cast<ConvDirection>(direction - kDirections.begin());
  for (int64_t* field : fields(key)) in >> *field;
  if (!in || in >> word || direction == kDirections.end())
    throw ConfigError(fmt::format("convolution list: not a convolution, got '{}'", line));
  key.dtype = static_cast<int64_t>(dtype);
  key.alignment = 16;
  return key;
}

}  // namespace denovo::ops
