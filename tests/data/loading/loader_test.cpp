#include "data/loading/loader.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "core/error.h"
#include "data/loading/ordered_prefetch.h"
#include "tests/data/loading/small_dataset.h"

using namespace denovo;
using namespace denovo::data;
using denovo::data::testing::SmallDataset;

namespace {

const std::vector<ImageSize> kSizes = {{24, 40}, {40, 24}, {24, 40}, {30, 30},
                                       {24, 40}, {40, 24}, {30, 31}};

LoaderOptions options_for(int threads) {
  LoaderOptions options;
  options.builder = {.rule = {.short_sides = {24, 32}}, .seed = 4};
  options.images_per_batch = 4;
  options.threads = threads;
  return options;
}

/// All that a batch holds, as one list of numbers.
std::vector<double> content(const Batch& batch) {
  std::vector<double> all;
  for (const Tensor& tensor :
       {batch.images, batch.image_sizes, batch.image_ids, batch.boxes, batch.classes,
        batch.polygon_xy, batch.polygon_starts, batch.instance_polygons, batch.transforms}) {
    const std::vector<double> values = tensor.to_vector<double>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("OrderedPrefetch: results come in order however long each takes, and failures too") {
  for (const int threads : {0, 1, 3}) {
    CAPTURE(threads);
    int planned = 0;
    OrderedPrefetch<int, int> prefetch(
        threads, 4, [&] { return planned < 20 ? std::optional(planned++) : std::nullopt; },
        [](int&& i) {
          std::this_thread::sleep_for(std::chrono::microseconds((i * 7) % 5 * 300));
          if (i == 11) throw IoError("eleven");
          return i * i;
        });
    for (int i = 0; i < 20; ++i) {
      if (i == 11) {
        CHECK_THROWS_WITH_AS(prefetch.next(), "eleven", IoError);
      } else {
        CHECK(prefetch.next() == i * i);
      }
    }
    CHECK(prefetch.next() == std::nullopt);
    CHECK(prefetch.next() == std::nullopt);
  }
}

TEST_CASE("OrderedPrefetch: leaves in the middle without waiting for results nobody wants") {
  OrderedPrefetch<int, int> prefetch(
      3, 4, [] { return std::optional(1); }, [](int&& i) { return i; });
  CHECK(prefetch.next() == 1);
}

TEST_CASE("TrainLoader: the same batches with 0, 1, 2 and 4 threads") {
  const SmallDataset dataset(kSizes);
  std::vector<std::vector<double>> expected;
  for (const int threads : {0, 1, 2, 4}) {
    CAPTURE(threads);
    TrainLoader loader(dataset.files(), dataset.view, options_for(threads));
    for (size_t i = 0; i < 12; ++i) {
      const std::vector<double> found = content(loader.next());
      if (threads == 0) {
        expected.push_back(found);
      } else {
        CHECK(found == expected[i]);
      }
    }
  }
  CHECK(expected[0] != expected[1]);
}

TEST_CASE("TrainLoader: starting at an iteration gives what the straight run gives there") {
  const SmallDataset dataset(kSizes);
  TrainLoader straight(dataset.files(), dataset.view, options_for(1));
  TrainLoader resumed(dataset.files(), dataset.view, options_for(2), 9);
  for (int i = 0; i < 9; ++i) straight.next();
  for (int i = 0; i < 4; ++i) CHECK(content(resumed.next()) == content(straight.next()));
}

TEST_CASE("TrainLoader: parts and ranks cut the same iterations") {
  const SmallDataset dataset(kSizes);
  LoaderOptions options = options_for(0);
  TrainLoader whole(dataset.files(), dataset.view, options);
  options.num_parts = 4;  // two ranks, two accumulated parts
  TrainLoader first(dataset.files(), dataset.view, options, 0, 0, 2);
  TrainLoader second(dataset.files(), dataset.view, options, 0, 1, 2);
  for (int iteration = 0; iteration < 5; ++iteration) {
    std::vector<int64_t> ids;
    for (int part = 0; part < 2; ++part) {
      ids.push_back(first.next().image_ids.to_vector<int64_t>()[0]);
      ids.push_back(second.next().image_ids.to_vector<int64_t>()[0]);
    }
    CHECK(ids == whole.next().image_ids.to_vector<int64_t>());
  }
  options.num_parts = 3;
  CHECK_THROWS_WITH_AS(
      TrainLoader(dataset.files(), dataset.view, options),
      "loader: images per batch must be a multiple of ranks times accumulated parts = 3, got 4",
      ConfigError);
}

TEST_CASE("TrainLoader: an unreadable image is thrown by the batch that holds it") {
  const SmallDataset dataset({{24, 40}});
  std::filesystem::remove(dataset.path("0.png"));
  TrainLoader loader(dataset.files(), dataset.view, options_for(1));
  CHECK_THROWS_AS(loader.next(), IoError);
}

TEST_CASE("EvalLoader: two ranks see every image once, objects included") {
  const SmallDataset dataset(kSizes);
  LoaderOptions options = options_for(2);
  options.images_per_batch = 2;
  const std::vector<int> images = {0, 1, 2, 3, 4, 5, 6};
  std::multiset<int64_t> ids;
  for (const int rank : {0, 1}) {
    EvalLoader loader(dataset.files(), dataset.view, images, options, rank, 2);
    while (const std::optional<Batch> batch = loader.next()) {
      for (const int64_t id : batch->image_ids.to_vector<int64_t>()) ids.insert(id);
      CHECK(batch->classes.to_vector<int32_t>()[0] == 1);
      CHECK(batch->transforms.to_vector<float>()[2] == 0);
    }
  }
  CHECK(ids == std::multiset<int64_t>{10, 11, 12, 13, 14, 15, 16});
}
