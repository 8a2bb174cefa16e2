// What --version prints.
#pragma once

#include <string>

namespace denovo {

/// "denovo 0.1.0 (commit 1a2b3c4)"; the commit ends in "-dirty" when tracked files were changed,
/// and is "unknown" outside a git checkout.
std::string version_line();

/// version_line, then compiler, backends and the versions of the libraries, a line each.
std::string version_text();

}  // namespace denovo
