// The same validation images under every arm, as runs draw them at their end.
#pragma once

#include <string>
#include <vector>

#include "apps/page/html_writer.h"
#include "apps/study/results/study_report.h"
#include "data/image/image.h"

namespace denovo::study {

inline constexpr size_t kNumPictures = 4;

/// One validation image.
struct StudyPicture {
  std::string name;
  data::Image ground_truth;
  std::vector<data::Image> predictions;  // by arm, the reference first
};

struct StudyPictures {
  int64_t seed = 0;  // of the pair of runs that drew them
  std::vector<StudyPicture> pictures;
};

/// Of the longest schedule at the largest size and the first seed of which every arm has drawn
/// them. Throws IoError for a picture that cannot be read.
StudyPictures study_pictures(const StudyReport& report);

void add_pictures(page::HtmlWriter& html, const StudyReport& report);

}  // namespace denovo::study
