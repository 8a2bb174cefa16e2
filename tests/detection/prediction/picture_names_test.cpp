#include "detection/prediction/picture_names.h"

#include <doctest/doctest.h>

using denovo::detection::PictureNames;

TEST_CASE("PictureNames: no two files share a name, the short ones go first") {
  PictureNames names;
  CHECK(names.name_of("a/1.jpg") == "1");
  CHECK(names.name_of("b/1.jpg") == "b_1");
  CHECK(names.name_of("b/1.png") == "b_1.png");
  CHECK(names.name_of("c/b/1.png") == "b_1.png-2");
  CHECK(names.name_of("d/b/1.png") == "b_1.png-3");
  CHECK(names.name_of("1.png") == "1.png");
  CHECK(names.name_of("b_1.png") == "b_1.png-4");
}
