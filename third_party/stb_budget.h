// A bound on what stb may allocate while it decodes a file from strangers: a compressed stream
// that expands without end fails like an allocation that fails.
#pragma once

#include <cstddef>

namespace denovo {

/// While it lives, stb_image on this thread may hold at most so many bytes; not to be nested.
class StbBudget {
 public:
  explicit StbBudget(size_t bytes);
  ~StbBudget();
  StbBudget(const StbBudget&) = delete;
  StbBudget& operator=(const StbBudget&) = delete;
};

}  // namespace denovo
