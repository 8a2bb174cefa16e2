#include "detection/evaluation/usable_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/files/signals.h"
#include "core/log/progress.h"

namespace denovo::detection {
namespace {

constexpr size_t kFaultsShown = 5;

/// Fields ended by NULs, which no text of a fault contains.
std::string to_bytes(std::span<const data::ImageFault> faults) {
  std::string bytes;
  for (const data::ImageFault& fault : faults) {
    for (const std::string& field :
         {std::to_string(fault.image), std::to_string(static_cast<int>(fault.kind)), fault.value,
          fault.sentence})
      bytes += field + '\0';
  }
  return bytes;
}

std::vector<data::ImageFault> faults_of(std::string_view bytes) {
  const auto field = [&] {
    const std::string text(bytes.substr(0, bytes.find('\0')));
    bytes.remove_prefix(text.size() + 1);
    return text;
  };
  std::vector<data::ImageFault> faults;
  while (!bytes.empty()) {
    data::ImageFault& fault = faults.emplace_back();
    fault.image = std::stoi(field());
    fault.kind = static_cast<data::DefectKind>(std::stoi(field()));
    fault.value = field();
    fault.sentence = field();
  }
  return faults;
}

std::vector<data::ImageFault> faults_of_all(std::vector<data::ImageFault> own,
                                            ProcessGroup& group) {
  if (group.size() == 1) return own;
  std::vector<data::ImageFault> all;
  for (const std::string& bytes : group.gather(to_bytes(own))) {
    auto faults = faults_of(bytes);
    std::move(faults.begin(), faults.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.image < b.image; });
  return faults_of(group.broadcast(to_bytes(all)));
}

std::vector<std::string> warnings_of(std::span<const data::ImageFault> faults, size_t num_images,
                                     const std::string& json, std::string_view consequence) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < std::min(faults.size(), kFaultsShown); ++i)
    lines.push_back(faults[i].sentence);
  if (!faults.empty())
    lines.push_back(fmt::format("{}: {} of {} images cannot be used; {}", json, faults.size(),
                                num_images, consequence));
  return lines;
}

}  // namespace

UsableImages usable_images(const data::ImageFiles& files, std::span<const int> images,
                           const UsableImagesOptions& options, Logger& logger,
                           ProcessGroup& group) {
  std::vector<int> share;
  for (auto i = static_cast<size_t>(group.rank()); i < images.size(); i += group.size())
    share.push_back(images[i]);
  std::vector<data::ImageFault> faults;
  together(group, [&] {
    Progress progress(logger, "look at images", static_cast<int64_t>(images.size()),
                      {.unit = "images"});
    faults = files.look(share, options.depth, [&](int64_t done) {
      progress.update(done * group.size());  // the other ranks are about as far
      return caught_signal() == 0;
    });
  });
  if (agreed_signal(group)) return {{images.begin(), images.end()}, {}};
  faults = faults_of_all(std::move(faults), group);
  together(group, [&] {
    const std::string refusal = data::reason_to_refuse(faults, images.size(), options.skip_bad);
    if (!refusal.empty()) throw IoError(refusal);
  });
  UsableImages usable;
  size_t next = 0;
  for (const int image : images) {
    if (next < faults.size() && faults[next].image == image)
      ++next;
    else
      usable.images.push_back(image);
  }
  usable.warnings = warnings_of(faults, images.size(), files.dataset().path(), options.consequence);
  return usable;
}

}  // namespace denovo::detection
