#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <sstream>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "ops/conv2d/conv2d_choices.h"
#include "ops/conv2d/conv2d_trace.h"

namespace denovo::ops {
namespace {

std::string key_text(const Conv2dKey& key) {
  return fmt::format("{} {} {} {}", name(static_cast<DType>(key.dtype)), key.alignment, key.tf32,
                     key_line(key));
}

std::optional<DType> dtype_named(const std::string& word) {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kBF16})
    if (word == name(dtype)) return dtype;
  return std::nullopt;
}

/// Empty when the text is no such line.
std::optional<std::pair<Conv2dKey, CudnnChoice>> parse(const std::string& line) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return std::nullopt;
  std::istringstream left(line.substr(0, colon)), right(line.substr(colon + 1));
  std::string word, rest;
  int64_t alignment = 0, tf32 = 0;
  left >> word >> alignment >> tf32;
  std::getline(left, rest);
  const auto dtype = dtype_named(word);
  if (!left || !dtype) return std::nullopt;
  std::pair<Conv2dKey, CudnnChoice> result;
  try {
    result.first = key_of_line(rest, *dtype);
  } catch (const ConfigError&) {
    return std::nullopt;
  }
  result.first.alignment = alignment;
  result.first.tf32 = tf32;
  if (!(right >> result.second.engine)) return std::nullopt;
  int64_t type = 0, value = 0;
  char equals = 0;
  while (right >> type) {
    if (!(right >> equals >> value) || equals != '=') return std::nullopt;
    result.second.knobs.emplace_back(type, value);
  }
  if (!right.eof()) return std::nullopt;
  return result;
}

}  // namespace

Conv2dChoices::Conv2dChoices(std::string path, const std::string& machine)
    : path_(std::move(path)) {
  std::string text = std::filesystem::exists(path_) ? read_file(path_) : std::string();
  text.resize(text.rfind('\n') + 1);  // a last line may have been cut off
  std::istringstream lines(text);
  std::string line;
  const bool fits = std::getline(lines, line) && line == machine;
  if (!fits) text = machine + '\n';
  for (int number = 2; fits && std::getline(lines, line); ++number) {
    const auto choice = parse(line);
    if (!choice) {
      throw IoError(fmt::format("{}: line {} must be a convolution and its engine, got '{}'", path_,
                                number, line));
    }
    choices_.insert(*choice);
  }
  replace_file(path_, text);
}

const CudnnChoice* Conv2dChoices::find(const Conv2dKey& key) const {
  const auto found = choices_.find(key);
  return found == choices_.end() ? nullptr : &found->second;
}

void Conv2dChoices::add(const Conv2dKey& key, const CudnnChoice& choice) {
  std::string line = fmt::format("{}: {}", key_text(key), choice.engine);
  for (const auto& [type, value] : choice.knobs) line += fmt::format(" {}={}", type, value);
  append(line);
  choices_.insert_or_assign(key, choice);
}

void Conv2dChoices::append(const std::string& line) const {
  FileWriter file(path_, FileWriter::Mode::kAppend);
  file.write(line + '\n');
  file.sync_and_close();
}

}  // namespace denovo::ops
