// Which convolutions a program asks for, in what sizes: for tools that plan for other machines.
#pragma once

#include <functional>
#include <string>

#include "ops/conv2d/conv2d_key.h"

namespace denovo::ops {

using Conv2dObserver = std::function<void(const Conv2dKey&)>;

/// Called with each convolution that the CPU runs from now on; empty: none. Not thread-safe.
void observe_convolutions(Conv2dObserver observer);
/// For the kernels.
void note_convolution(ConvDirection direction, const Conv2dSizes& sizes, DType dtype, bool bias,
                      bool accumulate);

/// All but dtype and alignment as numbers in one line, in the order of the struct; and back. Throws
/// ConfigError when the line is no such list.
std::string key_line(const Conv2dKey& key);
Conv2dKey key_of_line(const std::string& line, DType dtype);

}  // namespace denovo::ops
