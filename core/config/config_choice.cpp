#include "core/config/config_choice.h"

#include <algorithm>

namespace denovo {

void ConfigChoice::set(const std::string& name) {
  unknown_.clear();
  if (std::find(names_.begin(), names_.end(), name) == names_.end())
    unknown_ = name.empty() ? "\"\"" : name;
  else
    set_(name);
}

}  // namespace denovo
