// Tuned convolutions, as far as a machine without a GPU can go: what was chosen is written, read
// and becomes the same plan again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sstream>

#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"
#include "ops/conv2d/conv2d_choices.h"
#include "ops/conv2d/conv2d_plan.h"
#include "ops/conv2d/conv2d_trace.h"
#include "testing/temporary_directory.h"

using namespace denovo;
using denovo::testing::TemporaryDirectory;

namespace {

const std::string kLists = DENOVO_TEST_DATA "/data_files/conv2d/";
constexpr const char* kMachine = "# cuDNN 91900, a GPU";
constexpr const char* kLine =
    "bf16 16 0 forward 2 50 68 64 50 68 64 3 3 1 1 1 1 0 0 0: 62 3=1 19=4";

ops::Conv2dKey a_key() {
  return ops::key_of_line("forward 2 50 68 64 50 68 64 3 3 1 1 1 1 0 0 0", DType::kBF16);
}

}  // namespace

TEST_CASE("conv2d choices: every plan of a training step can be made again from its line") {
  const TemporaryDirectory directory;
  const std::string path = directory / "convolutions.txt";
  const CudnnTarget h200(read_file(kLists + "h200_deviceprop.json"));
  std::istringstream lines(read_file(kLists + "r50_gn_800x1216.txt"));
  struct Planned {
    ops::Conv2dKey key;
    CudnnChoice choice;
    int64_t workspace_bytes;
  };
  std::vector<Planned> planned;
  size_t candidates = 0;
  {
    ops::Conv2dChoices choices(path, kMachine);
    for (std::string line; std::getline(lines, line);) {
      const ops::Conv2dKey key = ops::key_of_line(line, DType::kBF16);
      const auto plans = make_plans(ops::make_conv2d_graph(key, h200), ops::conv2d_rules(key), 8);
      INFO(to_string(key));
      REQUIRE(!plans.empty());
      REQUIRE(!plans.back().choice.knobs.empty());
      candidates += plans.size();
      // The last candidate: what heuristics alone would not give back.
      planned.push_back({key, plans.back().choice, plans.back().workspace_bytes});
      choices.add(key, plans.back().choice);
    }
  }
  const ops::Conv2dChoices choices(path, kMachine);
  for (const Planned& first : planned) {
    INFO(to_string(first.key));
    const CudnnChoice* choice = choices.find(first.key);
    REQUIRE(choice);
    CHECK(*choice == first.choice);
    const auto again =
        make_plan(ops::make_conv2d_graph(first.key, h200), ops::conv2d_rules(first.key), *choice);
    REQUIRE(again);
    CHECK(again->choice == first.choice);
    CHECK(again->workspace_bytes == first.workspace_bytes);
  }
  CHECK(planned.size() == 141);
  MESSAGE(fmt::format("{} plans from their lines, of {} candidates", planned.size(), candidates));
}

TEST_CASE("conv2d choices: an engine that breaks the rules is not taken from a file") {
  const CudnnTarget h200(read_file(kLists + "h200_deviceprop.json"));
  ops::Conv2dKey key = a_key();
  const auto plans = make_plans(ops::make_conv2d_graph(key, h200), ops::conv2d_rules(key), 1);
  REQUIRE(plans.size() == 1);
  // It uses tensor cores, which f32 without TF32 must not.
  CHECK(!make_plan(ops::make_conv2d_graph(key, h200), {.tensor_cores = false}, plans[0].choice));
}

TEST_CASE("conv2d choices: a file of another machine is started anew, a cut line is left out") {
  const TemporaryDirectory directory;
  const std::string path = directory / "convolutions.txt";
  replace_file(path, fmt::format("{}\n{}\nbf16 16 0 forw", kMachine, kLine));
  const CudnnChoice expected{62, {{3, 1}, {19, 4}}};
  {
    const ops::Conv2dChoices choices(path, kMachine);
    REQUIRE(choices.find(a_key()));
    CHECK(*choices.find(a_key()) == expected);
  }
  CHECK(read_file(path) == fmt::format("{}\n{}\n", kMachine, kLine));
  const ops::Conv2dChoices other(path, "# cuDNN 91900, another GPU");
  CHECK(!other.find(a_key()));
  CHECK(read_file(path) == "# cuDNN 91900, another GPU\n");
}

TEST_CASE("conv2d choices: another file is refused with its line") {
  const TemporaryDirectory directory;
  const std::string path = directory / "convolutions.txt";
  for (const char* line : {"bf16 16 0 sideways 2 50 68 64 50 68 64 3 3 1 1 1 1 0 0 0: 62", "62",
                           "bf16 16 0 forward 2 50 68 64 50 68 64 3 3 1 1 1 1 0 0 0: 62 3"}) {
    replace_file(path, fmt::format("{}\n{}\n{}\n", kMachine, kLine, line));
    CHECK_THROWS_WITH_AS(
        ops::Conv2dChoices(path, kMachine),
        fmt::format("{}: line 3 must be a convolution and its engine, got '{}'", path, line)
            .c_str(),
        IoError);
  }
}
