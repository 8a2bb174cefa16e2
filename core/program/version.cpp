#include "core/program/version.h"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl_version.h>
#include <toml++/impl/version.h>

#include "core/dist/launch.h"
#include "denovo_commit.h"

namespace denovo {

std::string version_line() {
  return fmt::format("denovo {} (commit {})", DENOVO_VERSION, DENOVO_GIT_COMMIT);
}

std::string version_text() {
  return version_line() + fmt::format(
                              "\ncompiler: g++ {}\nbackends: cpu (oneDNN {}.{}.{}), {}\n"
                              "libraries: fmt {}.{}.{}, toml++ {}.{}.{}\n",
                              __VERSION__, DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
                              DNNL_VERSION_PATCH, kHasMpi ? "ranks by MPI" : "one rank (no MPI)",
                              FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
                              TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH);
}

}  // namespace denovo
