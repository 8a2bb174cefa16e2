#include "nn/state_dict.h"

#include <fmt/format.h>

#include <unordered_map>

namespace denovo::nn {
namespace {

/// out[a, c, b] = in[a, b, c], any element type by size.
Tensor swap_last_two(const Tensor& in, int64_t a, int64_t b, int64_t c, const Shape& shape) {
  const Tensor out = Tensor::empty(shape, in.dtype());
  const size_t size = size_of(in.dtype());
  for (int64_t i = 0; i < a; ++i) {
    for (int64_t j = 0; j < b; ++j) {
      for (int64_t k = 0; k < c; ++k) {
        const std::byte* from = in.raw() + static_cast<size_t>((i * b + j) * c + k) * size;
        std::copy(from, from + size, out.raw() + static_cast<size_t>((i * c + k) * b + j) * size);
      }
    }
  }
  return out;
}

std::string list(const char* title, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  constexpr size_t kShown = 3;
  std::string text = fmt::format("; {} {}", names.size(), title);
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : ": ") + names[i];
  return names.size() > kShown ? text + ", ..." : text;
}

struct Target {
  Tensor tensor;
  FileFormat format;
};

std::vector<std::pair<std::string, Target>> targets(const Module& module) {
  std::vector<std::pair<std::string, Target>> all;
  module.for_each_parameter([&](const std::string& name, const Parameter& p) {
    all.push_back({name, {p.tensor(), p.format()}});
  });
  module.for_each_buffer([&](const std::string& name, const Buffer& b) {
    all.push_back({name, {b.tensor(), {}}});
  });
  return all;
}

LoadReport load(const Module& module, const StateDict& state, bool write) {
  LoadReport report;
  std::unordered_map<std::string, const Tensor*> by_name;
  for (const auto& [name, tensor] : state) by_name.emplace(name, &tensor);
  for (const auto& [name, target] : targets(module)) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      report.missing.push_back(name);
      continue;
    }
    const Tensor& source = *found->second;
    by_name.erase(found);
    const Shape expected = file_shape(target.tensor.shape(), target.format);
    if (source.shape() != expected) {
      report.mismatched.push_back(fmt::format("{}: expected {}, got {}", name, to_string(expected),
                                              to_string(source.shape())));
    } else if (write) {
      const Tensor ours = from_file_layout(source, target.format);
      const Device device = target.tensor.device();
      copy(target.tensor, ours.device() == device ? ours : ours.to(device));
    }
  }
  for (const auto& [name, tensor] : state) {
    if (by_name.contains(name)) report.unexpected.push_back(name);
  }
  return report;
}

}  // namespace

Shape file_shape(const Shape& shape, const FileFormat& format) {
  if (format.layout != FileLayout::kChannelsFirst) return shape;
  return {shape[0], shape[3], shape[1], shape[2]};
}

Tensor to_file_layout(const Tensor& tensor, const FileFormat& format) {
  const Shape& s = tensor.shape();
  switch (format.layout) {
    case FileLayout::kSame:
      return tensor.clone();
    case FileLayout::kChannelsFirst:
      return swap_last_two(tensor, s[0], s[1] * s[2], s[3], file_shape(s, format));
    case FileLayout::kFlattened:
      break;
  }
  const int64_t pixels = format.height * format.width;
  return swap_last_two(tensor, s[0], pixels, s[1] / pixels, s);
}

Tensor from_file_layout(const Tensor& tensor, const FileFormat& format) {
  const Shape& s = tensor.shape();
  switch (format.layout) {
    case FileLayout::kSame:
      return tensor.clone();
    case FileLayout::kChannelsFirst:
      return swap_last_two(tensor, s[0], s[1], s[2] * s[3], {s[0], s[2], s[3], s[1]});
    case FileLayout::kFlattened:
      break;
  }
  const int64_t pixels = format.height * format.width;
  return swap_last_two(tensor, s[0], s[1] / pixels, pixels, s);
}

StateDict state_dict(const Module& module) {
  StateDict state;
  for (const auto& [name, target] : targets(module)) {
    state.emplace_back(name, to_file_layout(target.tensor.to(kCpu), target.format));
  }
  return state;
}

std::string LoadReport::summary() const {
  const std::string text = list("missing", missing) + list("unexpected", unexpected) +
                           list("of another shape", mismatched);
  return text.empty() ? "complete" : text.substr(2);
}

LoadReport load_state_dict(const Module& module, const StateDict& state) {
  return load(module, state, true);
}

LoadReport compare_state_dict(const Module& module, const StateDict& state) {
  return load(module, state, false);
}

void load_state_dict_strict(const Module& module, const StateDict& state,
                            const std::string& source) {
  const LoadReport report = compare_state_dict(module, state);
  if (!report.complete()) {
    throw IoError(fmt::format("{}: weights do not fit this model: {}", source, report.summary()));
  }
  load(module, state, true);
}

}  // namespace denovo::nn
