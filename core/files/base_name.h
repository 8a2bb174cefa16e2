#pragma once

#include <string_view>

namespace denovo {

/// What stands behind the last slash of a path; empty for a path that ends in one.
constexpr std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace denovo
