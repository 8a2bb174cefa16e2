#include "core/error.h"

#include <doctest/doctest.h>

#include <new>

using namespace denovo;

TEST_CASE("exit_code: every kind of error has the status that scripts rely on") {
  CHECK(exit_code(InternalError("x")) == 1);
  CHECK(exit_code(DivergedError("x")) == 1);
  CHECK(exit_code(ConfigError("x")) == 2);
  CHECK(exit_code(DeviceError("x")) == 2);
  CHECK(exit_code(IoError("x")) == 3);
  CHECK(exit_code(ResourceError("x")) == 4);
  CHECK(exit_code(std::bad_alloc()) == 4);
}
