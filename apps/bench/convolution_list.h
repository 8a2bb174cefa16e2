// The convolutions of a step in a file: the input of the test that plans them for GPUs.
#pragma once

#include <set>
#include <string>

namespace denovo::bench {

/// Notes the different convolutions that run while it lives; with an empty path, none.
class ConvolutionList {
 public:
  explicit ConvolutionList(std::string path);
  ~ConvolutionList();
  ConvolutionList(const ConvolutionList&) = delete;
  ConvolutionList& operator=(const ConvolutionList&) = delete;

  /// One a line (ops::key_line), sorted. Throws ResourceError.
  void write() const;

 private:
  std::string path_;
  std::set<std::string> lines_;
};

}  // namespace denovo::bench
