#include "apps/bench/convolution_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/files/atomic_write.h"
#include "ops/conv2d/conv2d_trace.h"

namespace denovo::bench {

ConvolutionList::ConvolutionList(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  ops::observe_convolutions(
      [this](const ops::Conv2dKey& key) { lines_.insert(ops::key_line(key)); });
}

ConvolutionList::~ConvolutionList() {
  ops::observe_convolutions({});
}

void ConvolutionList::write() const {
  if (!path_.empty()) replace_file(path_, fmt::format("{}\n", fmt::join(lines_, "\n")));
}

}  // namespace denovo::bench
