// Where image i of a data set is, and what it is. Everything that opens the images of a data set
// goes through here, so that all programs agree.
//
// Where: file_name hangs on the folder of images; an absolute one stands alone. A name that leaves
// the folder by ".." is refused unless allowed, and so is one with a NUL.
//
// What: a JPEG or PNG by its content, of the width and height of the annotation file once EXIF
// orientation is applied, as annotation tools and detectron2 do. Coordinates are those of the
// displayed image everywhere.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"
#include "data/image/image.h"

namespace denovo::data {

/// Why an image cannot be used.
struct ImageFault {
  int image = 0;           // index into CocoDataset::images
  DefectKind kind{};       // kMissingFile ... kSizeMismatch
  std::string value;       // as Defect::value
  std::string sentence;    // of an error: names the file, and the image where it helps
  bool in_pixels = false;  // the header is sound: found by decoding alone
};

/// How closely look() looks.
enum class Look {
  kHeader,  // the first bytes: kind and size
  kPixels,  // all of it, decoded
};

class ImageFiles {
 public:
  /// Keeps a reference to the data set. With an empty folder names hang on the working directory.
  /// `remedy` is the key or option that allows names to leave the folder.
  ImageFiles(const CocoDataset& dataset, std::string folder, bool allow_parent_folders = false,
             std::string remedy = "data.allow_parent_folders=true")
      : dataset_(&dataset),
        folder_(std::move(folder)),
        allow_parent_folders_(allow_parent_folders),
        remedy_(std::move(remedy)) {}

  const CocoDataset& dataset() const { return *dataset_; }
  const std::string& folder() const { return folder_; }

  /// Throws IoError for a name that is refused. Does not ask whether the file exists.
  std::string path(int image) const;

  /// The displayed pixels. Throws IoError with the sentence of the fault.
  Image read(int image) const;

  /// The faults among `images`, in their order. Files that are not there are found by listing
  /// folders: asking for each file of a large data set on a network disk takes minutes. The others
  /// are opened, by many threads. `go_on(done)` is called often, on the calling thread; when it
  /// returns false, the rest is not looked at.
  std::vector<ImageFault> look(std::span<const int> images, Look depth,
                               const std::function<bool(int64_t done)>& go_on = {}) const;

 private:
  std::string unchecked_path(int image) const;
  std::optional<ImageFault> name_fault(int image) const;
  std::optional<ImageFault> file_fault(int image, Look depth) const;

  const CocoDataset* dataset_;
  std::string folder_;
  bool allow_parent_folders_;
  std::string remedy_;
};

/// Indices of all images of a data set, or of the first `most` where that is not 0.
std::vector<int> first_images(const CocoDataset& dataset, int most = 0);

/// The displayed pixels of a file that must be `image` of some data set. Throws IoError.
Image read_image_of(const std::string& path, const CocoImage& image);

/// Why a run refuses its images, of which these were found bad: where bad images stop it, the
/// sentence of the first and how many there are; where they are skipped, the same when none is
/// left. Empty when it starts.
std::string reason_to_refuse(std::span<const ImageFault> faults, size_t num_images, bool skip_bad);

/// The sentence of the first fault, and of how many images it is one.
std::string summary(std::span<const ImageFault> faults, size_t num_images);

}  // namespace denovo::data
