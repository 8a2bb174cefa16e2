#include "core/dist/process_group.h"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "core/dist/launch.h"
#include "core/dist/rank_error.h"
#include "core/files/signals.h"

using namespace denovo;

TEST_CASE("process group: alone, nothing is exchanged and failures pass through") {
  ProcessGroup& group = ProcessGroup::alone();
  const Tensor x = Tensor::from<double>({2}, {1, 2});
  group.all_reduce(x);
  group.start_all_reduce(x);
  group.finish_all_reduces();
  group.broadcast(x);
  CHECK(x.to_vector<double>() == std::vector<double>{1, 2});
  CHECK(group.broadcast("text") == "text");
  CHECK(group.gather("bytes") == std::vector<std::string>{"bytes"});
  CHECK_THROWS_WITH_AS(together(group, [] { throw IoError("file: broken"); }), "file: broken",
                       IoError);
}

TEST_CASE("process group: without a launcher, and for one rank of it, nothing is initialised") {
  REQUIRE(launched_ranks() == 1);
  CHECK(join_ranks()->size() == 1);
  setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
  CHECK(join_ranks()->size() == 1);
  setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
  CHECK(launched_ranks() == 3);
  unsetenv("OMPI_COMM_WORLD_SIZE");
}

TEST_CASE("process group: a sum of caught signals stands for one of them") {
  watch_signals();
  CHECK(signal_of(caught_signals()) == 0);
  std::raise(SIGTERM);
  CHECK(signal_of(caught_signals()) == SIGTERM);
  CHECK(agreed_signal(ProcessGroup::alone()) == SIGTERM);
  CHECK(signal_of(std::vector<double>{0, 1, 2}) == SIGTERM);
  watch_signals();
}

TEST_CASE("process group: a peer's failure has its exit status") {
  CHECK(exit_code(PeerError("rank 1 failed", 3)) == 3);
  CHECK(exit_code(RankError("dist: MPI_Test failed")) == 5);
}
