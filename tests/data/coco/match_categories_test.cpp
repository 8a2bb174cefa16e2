#include "data/coco/match_categories.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::data;

namespace {

using Categories = std::vector<CocoCategory>;
using Match = std::vector<int32_t>;

Match match(const Categories& from, const Categories& to) {
  return match_categories({from, "from.json"}, {to, "to.json"});
}

std::string refusal(const Categories& from, const Categories& to) {
  try {
    match(from, to);
  } catch (const IoError& error) {
    return error.what();
  }
  return "matched";
}

std::string unmatched(const Categories& from, const Categories& to) {
  return unmatched_text({from, "from.json"}, {to, "to.json"}, match(from, to));
}

}  // namespace

TEST_CASE(
    "match_categories: names decide, whatever the ids, and what is not there has no partner") {
  const Categories train{{3, "cup"}, {5, "plate"}}, val{{3, "plate"}, {4, "cup"}, {9, "fork"}};
  CHECK(match(val, train) == Match{1, 0, -1});
  CHECK(match(train, val) == Match{1, 0});
  CHECK(unmatched(val, train) == "from.json: category 9 (fork) is not in to.json");
  CHECK(unmatched(train, val).empty());
  CHECK(match({}, train).empty());
  CHECK(match(train, {}) == Match{-1, -1});
}

TEST_CASE(
    "match_categories: equal lists match as they stand, also without names or with one name") {
  for (const Categories& list :
       {Categories{{1, "person"}, {2, "bicycle"}, {90, "toothbrush"}}, Categories{{1, ""}, {2, ""}},
        Categories{{1, "thing"}, {7, "thing"}, {8, "cup"}}, Categories{{1, ""}, {2, "cup"}}}) {
    Match same;
    for (size_t i = 0; i < list.size(); ++i) same.push_back(static_cast<int32_t>(i));
    CHECK(match(list, list) == same);
  }
}

TEST_CASE("match_categories: where names are empty or stand twice, ids decide") {
  CHECK(match({{2, ""}, {1, ""}}, {{1, ""}, {2, ""}, {3, ""}}) == Match{1, 0});
  CHECK(match({{7, "dog"}, {5, "dog"}}, {{5, "dog"}, {7, "dog"}}) == Match{1, 0});
  CHECK(match({{7, "dog"}}, {{5, "dog"}, {7, "dog"}}) == Match{1});
  CHECK(match({{5, "dog"}, {7, "dog"}}, {{7, "dog"}}) == Match{-1, 0});
  // A name on one side only contradicts nothing.
  CHECK(match({{1, "cup"}, {2, ""}}, {{1, ""}, {2, "plate"}}) == Match{0, 1});
  CHECK(match({{4, ""}}, {{1, "cup"}}) == Match{-1});
  CHECK(match({{4, "dog"}, {5, "dog"}}, {{1, "cup"}}) == Match{-1, -1});
}

TEST_CASE("match_categories: where names and ids disagree one sentence names files and classes") {
  CHECK(refusal({{3, "cup"}, {4, "cup"}}, {{3, "plate"}, {4, "cup"}}) ==
        "from.json: category 3 (cup): a name that stands twice is told by its id, but category 3 "
        "is plate in to.json; give every category a name of its own");
  CHECK(refusal({{3, "cup"}}, {{7, "cup"}, {8, "cup"}}) ==
        "from.json: category 3 (cup): a name that stands twice is told by its id, but to.json has "
        "it at 7, 8; give every category a name of its own");
  CHECK(refusal({{1, ""}, {2, "cup"}}, {{1, "cup"}}) ==
        "from.json: category 1 (no name): its id is that of category 1 (cup) in to.json, which by "
        "its name is category 2 (cup); give every category a name of its own");
}

TEST_CASE("match_categories: a name that stands twice in one file alone: by its id, or refused") {
  const Categories once{{1, "disc"}, {2, "cup"}}, twice{{1, "disc"}, {3, "disc"}};
  CHECK(match(twice, once) == Match{0, -1});
  CHECK(match(once, twice) == Match{0, -1});
  CHECK(
      unmatched(twice, once) ==
      "from.json: category 3 (disc) is not in to.json, which has disc at 1; give every category a "
      "name of its own");
  CHECK(unmatched(once, twice) == "from.json: category 2 (cup) is not in to.json");
  const Categories elsewhere{{7, "disc"}};
  CHECK(refusal(twice, elsewhere) ==
        "from.json: category 1 (disc): a name that stands twice is told by its id, but to.json has "
        "it at 7; give every category a name of its own");
  CHECK(refusal(elsewhere, twice) ==
        "from.json: category 7 (disc): a name that stands twice is told by its id, but to.json has "
        "it at 1, 3; give every category a name of its own");
  CHECK(refusal(twice, {{1, "cup"}, {7, "disc"}}) ==
        "from.json: category 1 (disc): a name that stands twice is told by its id, but category 1 "
        "is cup in to.json; give every category a name of its own");
  CHECK(unmatched({{1, "disc"}, {3, "disc"}, {4, "disc"}, {5, "fork"}}, once) ==
        "from.json: categories 3 (disc), 4 (disc), 5 (fork) are not in to.json, which has disc at "
        "1; give every category a name of its own");
}

TEST_CASE("distinct_names: an id tells categories apart that have one name, or none") {
  using Names = std::vector<std::string>;
  CHECK(distinct_names(Categories{{1, "cup"}, {2, ""}, {3, "disc"}, {5, "disc"}}) ==
        Names{"cup", "no name (2)", "disc (3)", "disc (5)"});
  CHECK(distinct_names(Categories{}).empty());
  const Categories named{{1, "cup"}}, one{{1, "cup"}, {2, ""}}, two{{4, ""}, {2, ""}};
  CHECK(nameless_text({named, "a.json"}).empty());
  CHECK(nameless_text({one, "a.json"}) ==
        "a.json: category 2 has no name; other files know it by its id alone");
  CHECK(nameless_text({two, "a.json"}) ==
        "a.json: categories 4, 2 have no name; other files know them by their ids alone");
}

TEST_CASE("match_categories: the rule is the same from either side, and no class stands for two") {
  // All lists of up to three categories of ids 1 .. 3 over the names "", a and b.
  std::vector<Categories> lists{{}};
  for (size_t i = 0; i < lists.size(); ++i)
    for (int64_t id = lists[i].empty() ? 1 : lists[i].back().id + 1; id <= 3; ++id)
      for (const char* name : {"", "a", "b"}) {
        Categories longer = lists[i];
        longer.push_back({id, name});
        lists.push_back(std::move(longer));
      }
  REQUIRE(lists.size() == 64);
  int refused = 0;
  for (const Categories& a : lists) {
    for (const Categories& b : lists) {
      const bool disagrees = refusal(a, b) != "matched";
      CAPTURE(refusal(a, b));
      CAPTURE(refusal(b, a));
      REQUIRE(disagrees == (refusal(b, a) != "matched"));
      refused += disagrees;
      if (disagrees) continue;
      const Match there = match(a, b), back = match(b, a);
      for (size_t i = 0; i < a.size(); ++i) {
        if (there[i] < 0) continue;
        REQUIRE(back[static_cast<size_t>(there[i])] == static_cast<int32_t>(i));
        const CocoCategory& partner = b[static_cast<size_t>(there[i])];
        REQUIRE((partner.name == a[i].name || partner.id == a[i].id));
      }
    }
  }
  CHECK(refused > 100);
}

TEST_CASE(
    "match_categories: names that differ by case or spaces are suggested, taken ones are not") {
  CHECK(match({{1, "Cup"}}, {{1, "cup"}}) == Match{-1});
  CHECK(unmatched({{1, "CUP"}}, {{1, "cup"}}) ==
        "from.json: category 1 (CUP) is not in to.json, did you mean cup");
  CHECK(unmatched({{1, "traffic_light"}}, {{1, "cup"}, {2, "Traffic Light"}}) ==
        "from.json: category 1 (traffic_light) is not in to.json, did you mean Traffic Light");
  CHECK(unmatched({{1, "car"}, {2, "cat"}}, {{1, "car"}}) ==
        "from.json: category 2 (cat) is not in to.json");
  CHECK(unmatched({{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}, {5, "e"}, {6, "f"}, {7, "g"}}, {}) ==
        "from.json: categories 1 (a), 2 (b), 3 (c), 4 (d), 5 (e) and 2 more are not in to.json");
}
