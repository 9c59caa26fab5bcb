#include "tools/bccl/perf/measurement.h"

#include <algorithm>

namespace bccl::tool {

std::vector<size_t> sizes_of(const PerfOptions& options) {
  constexpr size_t default_step = size_t{1} << 20;
  const size_t step = options.step_bytes > 0 ? options.step_bytes : default_step;
  const auto factor = static_cast<size_t>(options.factor);
  std::vector<size_t> sizes;
  for (size_t bytes = options.bytes_min; bytes <= options.bytes_max;) {
    sizes.push_back(bytes);
    const size_t next = factor > 0 ? bytes * factor : bytes + step;
    if (next <= bytes || next / (factor > 0 ? factor : 1) < bytes) break;  // wrapped around
    bytes = next;
  }
  return sizes;
}

Measurement summarize(std::vector<double>& iteration_ns) {
  std::sort(iteration_ns.begin(), iteration_ns.end());
  const size_t n = iteration_ns.size();
  auto at_share = [&](double share) {
    return iteration_ns[std::min(n - 1, static_cast<size_t>(static_cast<double>(n) * share))] / 1e3;
  };
  return {at_share(0), at_share(0.5), at_share(0.99), -1};
}

double algorithm_bandwidth(size_t bytes, const Measurement& measurement) {
  return measurement.median_us > 0 ? static_cast<double>(bytes) / measurement.median_us / 1e3 : 0;
}

double bus_bandwidth(size_t bytes, const Measurement& measurement, int ranks) {
  return algorithm_bandwidth(bytes, measurement) * 2.0 * (ranks - 1) / ranks;
}

}  // namespace bccl::tool
