#include "data/loading/decoded_images.h"

#include "core/error.h"

namespace denovo::data {

DecodedImages::Pointer DecodedImages::load(size_t index) const {
  if (Pointer kept = slots_[index].load()) return kept;
  auto image = std::make_shared<const Image>(read_(index));
  keep(index, image);
  return image;
}

void DecodedImages::keep(size_t index, const Pointer& image) const {
  const auto bytes = static_cast<int64_t>(image->rgb.size());
  if (bytes_.fetch_add(bytes) + bytes > max_bytes_) {
    bytes_.fetch_sub(bytes);
    return;
  }
  Pointer empty;
  if (!slots_[index].compare_exchange_strong(empty, image)) bytes_.fetch_sub(bytes);
}

DecodedImages::Pointer DecodedImages::load_if_readable(size_t index) const {
  {
    const std::lock_guard lock(bad_mutex_);
    if (bad_images_.contains(index)) return nullptr;
  }
  try {
    return load(index);
  } catch (const IoError& error) {
    const std::lock_guard lock(bad_mutex_);
    bad_images_.emplace(index, error.what());
    return nullptr;
  }
}

DecodedImages::Found DecodedImages::first_readable(
    size_t count, const std::function<std::optional<size_t>(size_t)>& candidate) const {
  for (size_t place = 0; place < count; ++place) {
    const std::optional<size_t> index = candidate(place);
    if (!index) continue;
    if (Pointer image = load_if_readable(*index)) {
      if (place > 0) ++num_substitutions_;
      return {place, std::move(image)};
    }
  }
  return {};
}

std::vector<std::string> DecodedImages::bad_images() const {
  const std::lock_guard lock(bad_mutex_);
  std::vector<std::string> lines;
  for (const auto& [index, line] : bad_images_) lines.push_back(line);
  return lines;
}

}  // namespace denovo::data
