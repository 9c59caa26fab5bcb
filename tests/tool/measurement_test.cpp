#include "tools/bccl/perf/measurement.h"

#include <catch2/catch.hpp>

namespace bccl::tool {

TEST_CASE("sizes grow by the factor up to the largest") {
  PerfOptions options;
  options.bytes_min = 8, options.bytes_max = 600, options.factor = 4;
  CHECK(sizes_of(options) == std::vector<size_t>{8, 32, 128, 512});
}

TEST_CASE("sizes grow by the step where no factor is given") {
  PerfOptions options;
  options.bytes_min = 10, options.bytes_max = 30, options.step_bytes = 10;
  CHECK(sizes_of(options) == std::vector<size_t>{10, 20, 30});
}

TEST_CASE("sizes end where numbers do") {
  PerfOptions options;
  options.bytes_min = size_t{1} << 63, options.bytes_max = ~size_t{0}, options.factor = 2;
  CHECK(sizes_of(options) == std::vector<size_t>{size_t{1} << 63});
}

TEST_CASE("a summary has the least, the middle and nearly the largest time") {
  std::vector<double> times;
  for (int i = 100; i > 0; --i) times.push_back(i * 1000);
  const Measurement summary = summarize(times);
  CHECK(summary.min_us == 1);
  CHECK(summary.median_us == 51);
  CHECK(summary.p95_us == 96);
  CHECK(summary.p99_us == 100);
}

TEST_CASE("sizes become whole elements of whole blocks, one at least, and each once") {
  PerfOptions options;
  options.bytes_min = 1, options.bytes_max = 64, options.factor = 2;
  options.collective = find_measured("all_reduce");
  CHECK(counts_of(options, DataType::float64, 3) == std::vector<size_t>{1, 2, 4, 8});
  options.collective = find_measured("all_gather");
  CHECK(counts_of(options, DataType::float32, 3) == std::vector<size_t>{1, 2, 5});
}

TEST_CASE("a bandwidth is 1e9 bytes a second of the median time") {
  const Row row{.bytes = 4'000'000, .bus_factor = 1.5, .out_of_place = {1, 1000, 1500, 2000, 0}};
  CHECK(algorithm_bandwidth(row, row.out_of_place) == Approx(4));
  CHECK(bus_bandwidth(row, row.out_of_place) == Approx(6));
}

TEST_CASE("bus factors are those of nccl-tests") {
  const auto factor = [](std::string_view name) { return find_measured(name)->bus_factor(4); };
  CHECK(factor("all_reduce") == 1.5);
  for (const std::string_view name : {"all_gather", "reduce_scatter", "gather", "scatter", "alltoall"})
    CHECK(factor(name) == 0.75);
  for (const std::string_view name : {"broadcast", "reduce", "sendrecv", "ping_pong"})
    CHECK(factor(name) == 1);
}

}  // namespace bccl::tool
