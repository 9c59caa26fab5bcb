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
  CHECK(summary.p99_us == 100);
}

TEST_CASE("a bandwidth is 1e9 bytes a second of the median time") {
  const Measurement measurement{1, 1000, 2000, 0};
  CHECK(algorithm_bandwidth(4'000'000, measurement) == Approx(4));
  CHECK(bus_bandwidth(4'000'000, measurement, 4) == Approx(6));
  CHECK(bus_bandwidth(4'000'000, measurement, 1) == 0);
}

}  // namespace bccl::tool
