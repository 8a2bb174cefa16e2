#include "data/coco/image_files.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "data/image/image_file.h"

namespace denovo::data {
namespace {

namespace fs = std::filesystem;

/// Threads that wait for a disk rather than compute.
constexpr int kDiskThreads = 16;

bool leaves_folder(const std::string& name) {
  int depth = 0;
  for (const fs::path& part : fs::path(name)) {
    if (part == "..") {
      if (--depth < 0) return true;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return false;
}

/// "20 x 13 for a file of 18 x 13"; empty when the sizes agree.
std::string size_fault(const CocoImage& image, const ImageHeader& header) {
  const auto [height, width] = header.displayed();
  if (image.height == height && image.width == width) return {};
  std::string text =
      fmt::format("{} x {} for a file of {} x {}", image.width, image.height, width, height);
  if (header.orientation > 1)
    text += fmt::format(" (stored as {} x {}, which EXIF orientation {} turns)", header.width,
                        header.height, header.orientation);
  return text;
}

std::string size_sentence(const std::string& path, const CocoImage& image,
                          const std::string& fault) {
  return fmt::format("{}: image {}: {}, got {}", path, image.id,
                     defect_rule(DefectKind::kSizeMismatch), fault);
}

/// Which paths are there, by the listings of their folders.
class Listings {
 public:
  bool contain(const fs::path& path) {
    const std::string folder = path.parent_path().string();
    auto found = folders_.find(folder);
    if (found == folders_.end()) found = folders_.emplace(folder, list(folder)).first;
    std::error_code ignored;
    return found->second ? found->second->contains(path.filename().string())
                         : fs::exists(path, ignored);
  }

 private:
  using Names = std::optional<std::unordered_set<std::string>>;

  /// nullopt for a folder whose files may be opened though it may not be listed.
  static Names list(const std::string& folder) {
    std::unordered_set<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
         !error && entry != end; entry.increment(error))
      names.insert(entry->path().filename().string());
    if (error == std::errc::permission_denied) return std::nullopt;
    return names;
  }

  std::unordered_map<std::string, Names> folders_;
};

}  // namespace

std::string ImageFiles::unchecked_path(int image) const {
  return (fs::path(folder_) / dataset_->images()[image].file_name).string();
}

std::optional<ImageFault> ImageFiles::name_fault(int image) const {
  const CocoImage& entry = dataset_->images()[image];
  const std::string& name = entry.file_name;
  if (name.empty()) {
    return ImageFault{
        image, DefectKind::kMissingFile, "no file_name",
        fmt::format("{}: image {}: must have a file_name", dataset_->path(), entry.id)};
  }
  std::string value;
  if (name.find('\0') != std::string::npos) {
    value = fmt::format("{:?}, with a NUL", name);
  } else if (!allow_parent_folders_ && !name.starts_with('/') && leaves_folder(name)) {
    value = fmt::format("{:?}, which leaves it; {} allows that", name, remedy_);
  }
  if (value.empty()) return std::nullopt;
  return ImageFault{image, DefectKind::kBadFileName, value,
                    describe({DefectKind::kBadFileName, dataset_->path(), entry.id, value})};
}

std::optional<ImageFault> ImageFiles::file_fault(int image, Look depth) const {
  const CocoImage& entry = dataset_->images()[image];
  const std::string path = unchecked_path(image);
  bool in_pixels = false;
  try {
    const std::string fault = size_fault(entry, read_image_header(path));
    if (!fault.empty())
      return ImageFault{image, DefectKind::kSizeMismatch, fault, size_sentence(path, entry, fault)};
    in_pixels = true;
    if (depth == Look::kPixels) read_image(path);
    return std::nullopt;
  } catch (const IoError& error) {
    const std::string_view sentence = error.what();
    const size_t where = sentence.starts_with(path + ": ") ? path.size() + 2 : 0;
    return ImageFault{image, DefectKind::kUnreadableImage, std::string(sentence.substr(where)),
                      std::string(sentence), in_pixels};
  }
}

std::string ImageFiles::path(int image) const {
  if (const auto fault = name_fault(image)) throw IoError(fault->sentence);
  return unchecked_path(image);
}

Image ImageFiles::read(int image) const {
  return read_image_of(path(image), dataset_->images()[image]);
}

std::vector<ImageFault> ImageFiles::look(std::span<const int> images, Look depth,
                                         const std::function<bool(int64_t done)>& go_on) const {
  std::vector<std::optional<ImageFault>> found(images.size());
  Listings listings;
  for (size_t i = 0; i < images.size(); ++i) {
    found[i] = name_fault(images[i]);
    if (found[i]) continue;
    const std::string path = unchecked_path(images[i]);
    if (listings.contain(path)) continue;
    const CocoImage& entry = dataset_->images()[images[i]];
    found[i] = {images[i], DefectKind::kMissingFile, path,
                fmt::format("{}: image {} of {} must exist", path, entry.id, dataset_->path())};
  }
  const int threads = depth == Look::kHeader ? std::max(kDiskThreads, omp_get_max_threads())
                                             : omp_get_max_threads();
  std::atomic<bool> stopped = false;
  std::atomic<int64_t> done = 0;
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t i = 0; i < images.size(); ++i) {
    if (stopped) continue;
    try {
      if (!found[i]) found[i] = file_fault(images[i], depth);
      ++done;
      if (go_on && omp_get_thread_num() == 0 && !go_on(done)) stopped = true;
    } catch (...) {  // out of memory
#pragma omp critical
      failure = std::current_exception();
      stopped = true;
    }
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<ImageFault> faults;
  for (std::optional<ImageFault>& fault : found)
    if (fault) faults.push_back(std::move(*fault));
  return faults;
}

std::vector<int> first_images(const CocoDataset& dataset, int most) {
  const size_t count = dataset.images().size();
  std::vector<int> images(most > 0 ? std::min<size_t>(count, most) : count);
  std::iota(images.begin(), images.end(), 0);
  return images;
}

Image read_image_of(const std::string& path, const CocoImage& image) {
  Image decoded = read_image(path);
  if (decoded.height == image.height && decoded.width == image.width) return decoded;
  throw IoError(size_sentence(path, image, size_fault(image, read_image_header(path))));
}

std::string reason_to_refuse(std::span<const ImageFault> faults, size_t num_images, bool skip_bad) {
  if (faults.empty() || (skip_bad && faults.size() < num_images)) return "";
  return summary(faults, num_images);
}

std::string summary(std::span<const ImageFault> faults, size_t num_images) {
  const bool all_missing = std::all_of(faults.begin(), faults.end(), [](const ImageFault& fault) {
    return fault.kind == DefectKind::kMissingFile;
  });
  return fmt::format("{}; {} of {} {}", faults[0].sentence, faults.size(), num_images,
                     all_missing ? "image files are missing" : "images cannot be used");
}

}  // namespace denovo::data
