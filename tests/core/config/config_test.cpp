#include <doctest/doctest.h>

#include <filesystem>
#include <limits>

#include "core/config/config_fields.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "tests/testing/temporary_directory.h"

using namespace denovo;

namespace {

struct SolverConfig {
  double base_lr = 0.02;
  float momentum = 0.9f;
  int max_iter = 90000;
  std::vector<int> steps = {60000, 80000};
  std::vector<double> factors = {};
  void describe(ConfigFields& v) {
    v("base_lr", base_lr, "learning rate at the reference batch").non_negative();
    v("momentum", momentum, "momentum of the update").range(0, 1);
    v("max_iter", max_iter, "iterations").positive();
    v("steps", steps, "iterations of the drops").positive();
    v("factors", factors, "factor of each drop");
  }
};

struct TrunkConfig {
  int depth = 50;
  std::string norm = "GN";
  void describe(ConfigFields& v) {
    v("depth", depth, "layers").one_of({18, 34, 50, 101, 152});
    v("norm", norm, "normalisation").one_of({"GN", "BN", "none"});
  }
};

struct ModelConfig {
  TrunkConfig trunk;
  bool mask = true;
  void describe(ConfigFields& v) {
    v.section("trunk", trunk, "backbone");
    v("mask", mask, "mask head");
  }
};

struct TrainConfig {
  int64_t seed = 1;
  std::string note = "";
  std::vector<std::string> classes = {};
  int workers = 2;
  ModelConfig model;
  SolverConfig solver;
  void describe(ConfigFields& v) {
    v("seed", seed, "seed of every draw");
    v("note", note, "free text").harmless();
    v("classes", classes, "classes kept; all when empty");
    v("workers", workers, "loader threads").non_negative().harmless();
    v.section("model", model, "the network");
    v.section("solver", solver, "optimiser and schedule");
  }
  void validate() const {
    if (solver.factors.size() > solver.steps.size())
      throw ConfigError("config: solver.factors has more items than solver.steps");
  }
};

TrainConfig read(const std::string& toml) {
  TrainConfig config;
  ConfigFields::of(config).read_text(toml, "quick.toml");
  return config;
}

TrainConfig overridden(const std::vector<std::string>& overrides) {
  return load_config<TrainConfig>("", overrides);
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("config: a file sets what it names and leaves the rest at its default") {
  const TrainConfig config = read(
      "seed = 9007199254740993\nclasses = ['cat', 'dog']\n"
      "[solver]\nbase_lr = 1\nsteps = []\n[model]\nmask = false\ntrunk.norm = 'BN'\n");
  CHECK(config.seed == 9007199254740993);
  CHECK(config.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(config.solver.base_lr == 1.0);
  CHECK(config.solver.steps.empty());
  CHECK(config.model.trunk.norm == "BN");
  CHECK(config.model.trunk.depth == 50);
  CHECK_FALSE(config.model.mask);
}

TEST_CASE("config: the resolved copy holds every key sections in describe() order") {
  CHECK(config_text(TrainConfig{}) ==
        "seed = 1\nnote = \"\"\nclasses = []\nworkers = 2\n"
        "\n[model]\nmask = true\n"
        "\n[model.trunk]\ndepth = 50\nnorm = \"GN\"\n"
        "\n[solver]\nbase_lr = 0.02\nmomentum = 0.9\nmax_iter = 90000\nsteps = [60000, 80000]\n"
        "factors = []\n");
}

TEST_CASE("config: the resolved copy reads back to equal values, awkward ones included") {
  TrainConfig config;
  config.note = "tab\t quote\" back\\slash\nnew line \x01 \x7f é";
  config.classes = {"a,b", "]"};
  config.seed = std::numeric_limits<int64_t>::min();
  config.solver.base_lr = 0.1 + 0.2;
  config.solver.momentum = 0.1f + 0.2f;
  config.solver.factors = {1e-300, 1e22, 5.0, -0.0};
  const TrainConfig again = read(config_text(config));
  CHECK(config_text(again) == config_text(config));
  CHECK(again.note == config.note);
  CHECK(again.classes == config.classes);
  CHECK(again.seed == config.seed);
  CHECK(again.solver.base_lr == config.solver.base_lr);
  CHECK(again.solver.momentum == config.solver.momentum);
  CHECK(again.solver.factors == config.solver.factors);
}

TEST_CASE("config: an unknown key is refused with the nearest name, the file and the line") {
  const auto message = [](const std::string& toml) { return message_of([&] { read(toml); }); };
  CHECK(message("[solver]\n\nbase_rl = 0.1\n") ==
        "config: unknown key solver.base_rl, did you mean solver.base_lr (quick.toml:3)");
  CHECK(message("[slover]\nbase_lr = 0.1\n") ==
        "config: unknown key slover.base_lr, did you mean solver.base_lr (quick.toml:2)");
  CHECK(message("base_lr = 0.1\n") ==
        "config: unknown key base_lr, did you mean solver.base_lr (quick.toml:1)");
  CHECK(message("[zebra]\n") == "config: unknown key zebra (quick.toml:1)");
  CHECK(message("[[zebra]]\nx = 1\n") == "config: unknown key zebra (quick.toml:1)");
  CHECK(message("solver = 3\n") == "config: solver is a section, got 3 (quick.toml:1)");
}

TEST_CASE("config: a wrong type is refused with what was expected and what was found") {
  const auto message = [](const std::string& toml) { return message_of([&] { read(toml); }); };
  CHECK(message("[solver]\nbase_lr = 'fast'\n") ==
        "config: solver.base_lr must be a number, got \"fast\" (quick.toml:2)");
  CHECK(message("workers = 2.0\n") ==
        "config: workers must be an integer within 32 bits, got 2.0 (quick.toml:1)");
  CHECK(message("workers = 3000000000\n") ==
        "config: workers must be an integer within 32 bits, got 3000000000 (quick.toml:1)");
  CHECK(message("note = true\n") == "config: note must be a string, got true (quick.toml:1)");
  CHECK(message("model.mask = 1\n") ==
        "config: model.mask must be true or false, got 1 (quick.toml:1)");
  CHECK(message("classes = ['a', 1]\n") ==
        "config: classes must be a list of strings, got [ 'a', 1 ] (quick.toml:1)");
  CHECK(message("[seed]\nx = 1\n") ==
        "config: seed must be an integer, got a table (quick.toml:1)");
  CHECK(message("seed = 1\nseed = \n").starts_with("config: not valid TOML: "));
  CHECK(message("seed = 1\nseed = \n").ends_with(" (quick.toml:2)"));
}

TEST_CASE("config: a broken rule is refused with the rule and the value") {
  const auto message = [](const std::string& toml) { return message_of([&] { read(toml); }); };
  CHECK(message("[solver]\nbase_lr = -0.02\n") ==
        "config: solver.base_lr must be non-negative, got -0.02 (quick.toml:2)");
  CHECK(message("[solver]\nbase_lr = nan\n") ==
        "config: solver.base_lr must be non-negative, got nan (quick.toml:2)");
  CHECK(message("[solver]\nfactors = [0.1, inf]\n") ==
        "config: solver.factors must be finite, got [0.1, inf] (quick.toml:2)");
  CHECK(message("solver.momentum = 1.5") ==
        "config: solver.momentum must be in 0 .. 1, got 1.5 (quick.toml:1)");
  CHECK(message("solver.steps = [5, 0]") ==
        "config: solver.steps must be positive, got [5, 0] (quick.toml:1)");
  CHECK(message("model.trunk.depth = 20") ==
        "config: model.trunk.depth must be one of 18, 34, 50, 101, 152, got 20 (quick.toml:1)");
  CHECK(message("model.trunk.norm = 'gn'") ==
        "config: model.trunk.norm must be one of GN, BN, none, got \"gn\" (quick.toml:1)");
  CHECK(message("solver.base_lr = 0") == "accepted");
}

TEST_CASE("config: overrides take TOML values, bare strings and lists without brackets") {
  const TrainConfig config =
      overridden({"solver.base_lr=0.01", "model.trunk.norm=BN", "solver.steps=10,20", "note=a = b",
                  "classes=cat,dog", "solver.factors=[0.5]", "model.mask=false", "workers=0"});
  CHECK(config.solver.base_lr == 0.01);
  CHECK(config.model.trunk.norm == "BN");
  CHECK(config.solver.steps == std::vector<int>{10, 20});
  CHECK(config.note == "a = b");
  CHECK(config.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(config.solver.factors == std::vector<double>{0.5});
  CHECK_FALSE(config.model.mask);
  CHECK(overridden({"note='quoted'", "classes=[]", "solver.steps="}).note == "quoted");
  CHECK(overridden({"solver.steps="}).solver.steps.empty());
}

TEST_CASE("config: a wrong override is refused by name") {
  const auto message = [](const std::string& override) {
    return message_of([&] { overridden({override}); });
  };
  CHECK(message("solver.base_rl=0.1") ==
        "config: unknown key solver.base_rl, did you mean solver.base_lr");
  CHECK(message("solver.base_lr=-1") == "config: solver.base_lr must be non-negative, got -1.0");
  CHECK(message("solver.base_lr=fast") == "config: solver.base_lr must be a number, got 'fast'");
  CHECK(message("solver.base_lr=") == "config: solver.base_lr must be a number, got ''");
  CHECK(message("workers=1\nseed=2") ==
        "config: workers must be an integer within 32 bits, got '1\nseed=2'");
  CHECK(message("solver={}") == "config: unknown key solver");
  CHECK(message("workers") == "config: an override looks like section.key=value, got 'workers'");
}

TEST_CASE("config: rules of untouched keys and rules between keys are checked after loading") {
  struct Needy {
    std::string root = "";
    void describe(ConfigFields& v) { v("root", root, "folder").not_empty(); }
  };
  CHECK_THROWS_WITH_AS(load_config<Needy>("", {}), "config: root must be given, got \"\"",
                       ConfigError);
  CHECK(load_config<Needy>("", {"root=x"}).root == "x");
  CHECK_THROWS_WITH_AS(overridden({"solver.factors=1,2,3"}),
                       "config: solver.factors has more items than solver.steps", ConfigError);
}

TEST_CASE("config: a file that cannot be read is a usage error") {
  CHECK_THROWS_WITH_AS(load_config<TrainConfig>("/nowhere/a.toml", {}),
                       "config: /nowhere/a.toml: cannot be read, got 'No such file or directory'",
                       ConfigError);
  CHECK_THROWS_WITH_AS(load_config<TrainConfig>("/", {}),
                       "config: /: cannot be read, got 'Is a directory'", ConfigError);
}

TEST_CASE("config: two configs differ by key name, and harmless keys say so") {
  TrainConfig before, after;
  after.workers = 4;
  after.solver.steps = {60000};
  const auto differences = config_differences(ConfigFields::of(before), ConfigFields::of(after));
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].key == "workers");
  CHECK_FALSE(differences[0].affects_result);
  CHECK(differences[1].key == "solver.steps");
  CHECK(differences[1].before == "[60000, 80000]");
  CHECK(differences[1].after == "[60000]");
  CHECK(differences[1].affects_result);
}

TEST_CASE("config: help and docs list every key with type, default, meaning and rule") {
  TrainConfig config;
  const ConfigFields fields = ConfigFields::of(config);
  const std::string help = config_help<TrainConfig>(), docs = fields.markdown();
  for (const std::string& key : fields.keys()) {
    CHECK_MESSAGE(help.find("  " + key + " ") != std::string::npos, key);
    CHECK_MESSAGE(docs.find("| `" + key + "` |") != std::string::npos, key);
  }
  CHECK(
      help.find("  [solver] optimiser and schedule\n  solver.base_lr     float           0.02 ") !=
      std::string::npos);
  CHECK(docs.find("| `solver.base_lr` | float | `0.02` | learning rate at the reference batch "
                  "(non-negative) |\n") != std::string::npos);
  CHECK(docs.find("normalisation (GN \\| BN \\| none) |") != std::string::npos);
}

namespace {

enum class Rounding { kNone, kUp };
constexpr ChoiceName<Rounding> kRoundingNames[] = {{Rounding::kNone, "none"},
                                                   {Rounding::kUp, "up"}};

struct ChoiceConfig {
  Rounding rounding = Rounding::kUp;
  int count = 1;
  std::vector<int> steps = {1};
  void describe(ConfigFields& v) {
    v.choice("rounding", rounding, kRoundingNames, "how sizes are rounded");
    v("count", count, "how many");
    v("steps", steps, "where");
  }
};

}  // namespace

TEST_CASE("config: a choice is a typed value with a name in files, help and overrides") {
  ChoiceConfig config;
  ConfigFields fields = ConfigFields::of(config);
  CHECK(fields.toml().find("rounding = \"up\"\n") != std::string::npos);
  CHECK(fields.help_text().find("how sizes are rounded (none | up)") != std::string::npos);
  fields.read_text("rounding = \"none\"", "x.toml");
  CHECK(config.rounding == Rounding::kNone);
  fields.apply_override("rounding=up");
  CHECK(config.rounding == Rounding::kUp);
  CHECK_THROWS_WITH_AS(fields.apply_override("rounding=down"),
                       "config: rounding must be one of none, up, got \"down\"", ConfigError);
  CHECK(config.rounding == Rounding::kUp);
  CHECK_THROWS_WITH_AS(fields.read_text("rounding = 3", "x.toml"),
                       "config: rounding must be a string, got 3 (x.toml:1)", ConfigError);
  ChoiceConfig other;
  other.rounding = Rounding::kNone;
  const auto differences = config_differences(ConfigFields::of(other), ConfigFields::of(config));
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].before == "\"none\"");
}

TEST_CASE("config: a file begins with its base, which has a base of its own") {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "common");
  replace_file(directory / "common/all.toml", "rounding = \"none\"\ncount = 2\nsteps = [1, 2]\n");
  replace_file(directory / "common/more.toml", "base = \"all.toml\"\ncount = 3\n");
  replace_file(directory / "own.toml", "base = \"common/more.toml\"\nsteps = [9]\n");
  const auto config = load_config<ChoiceConfig>(directory / "own.toml", {});
  CHECK(config.rounding == Rounding::kNone);
  CHECK(config.count == 3);
  CHECK(config.steps == std::vector{9});
  CHECK(config_text(config).find("base") == std::string::npos);
}

TEST_CASE("config: a base that is missing, leads back or is no name is one sentence") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](const std::string& text) {
    replace_file(directory / "own.toml", text);
    load_config<ChoiceConfig>(directory / "own.toml", {});
  };
  CHECK_THROWS_WITH_AS(load("base = \"none.toml\""), doctest::Contains("none.toml"), ConfigError);
  CHECK_THROWS_WITH_AS(load("base = \"none.toml\""), doctest::Contains("(base of "), ConfigError);
  CHECK_THROWS_WITH_AS(load("base = \"own.toml\""), doctest::Contains("base must not lead back to"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(load("base = 3"),
                       doctest::Contains("base must be the name of a file, got 3"), ConfigError);
  replace_file(directory / "bad.toml", "counts = 3");
  CHECK_THROWS_WITH_AS(load("base = \"bad.toml\""), doctest::Contains("bad.toml:1"), ConfigError);
}
