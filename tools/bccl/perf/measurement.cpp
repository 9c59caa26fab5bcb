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

std::vector<size_t> counts_of(const PerfOptions& options, DataType type, int ranks) {
  const auto blocks = static_cast<size_t>(options.collective->has_blocks ? ranks : 1);
  std::vector<size_t> counts;
  for (const size_t bytes : sizes_of(options))
    counts.push_back(std::max<size_t>(bytes / bytes_of(type) / blocks, 1));
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

std::string_view op_text(const Row& row) { return row.op ? name_of(*row.op) : "none"; }
int root_number(const Row& row) { return row.root.value_or(-1); }

Measurement summarize(std::vector<double>& iteration_ns) {
  std::sort(iteration_ns.begin(), iteration_ns.end());
  const size_t n = iteration_ns.size();
  auto at_share = [&](double share) {
    return iteration_ns[std::min(n - 1, static_cast<size_t>(static_cast<double>(n) * share))] / 1e3;
  };
  return {at_share(0), at_share(0.5), at_share(0.95), at_share(0.99), -1};
}

double algorithm_bandwidth(const Row& row, const Measurement& measurement) {
  return measurement.median_us > 0 ? static_cast<double>(row.bytes) / measurement.median_us / 1e3 : 0;
}

double bus_bandwidth(const Row& row, const Measurement& measurement) {
  return algorithm_bandwidth(row, measurement) * row.bus_factor;
}

}  // namespace bccl::tool
