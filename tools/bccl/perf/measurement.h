/// What `bccl perf` is asked to measure, and what it found. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/datatype.h"
#include "tools/bccl/job.h"
#include "tools/bccl/perf/measured_collectives.h"

namespace bccl::tool {

enum class Format : uint8_t { table, csv, json };

/// What buffers are made of: private pages, or memory of bcclMemAlloc, which peers map.
enum class MemoryKind { private_pages, allocated };

inline constexpr int all_roots = -1;

struct PerfOptions {
  const MeasuredCollective* collective = nullptr;
  int ranks = 0;    ///< Processes to start; 0: not given.
  int threads = 0;  ///< Ranks as threads of this process instead; 0: not given.
  int communicators = 1;   ///< At once, of as many ranks each: rank r is in number r % communicators.
  int ranks_a_thread = 1;  ///< Multiplies `threads`, as nccl-tests has several devices a thread.
  int root = 0;            ///< all_roots: one after another.
  TrafficKind traffic = TrafficKind::uniform;
  uint64_t seed = 1;  ///< Of TrafficKind::random.
  size_t bytes_min = size_t{32} << 20;
  size_t bytes_max = size_t{32} << 20;
  size_t step_bytes = 0;  ///< Sizes grow by adding this …
  int factor = 0;         ///< … or by multiplying by this; both 0: adding 1 MiB.
  std::vector<DataType> types{DataType::float32};
  std::vector<ReduceOp> ops{ReduceOp::sum};
  int iterations = 20;
  int warmup = 1;
  bool check = true;
  std::string algorithm;  ///< Empty: the library chooses.
  MemoryKind memory = MemoryKind::private_pages;
  Binding binding = Binding::none;
  int64_t timeout_ms = 0;
  Format format = Format::table;
  bool percentiles = false;  ///< In the table, too.
  int barrier_fd = -1;  ///< Shared memory of the ranks this command started; -1: started by others.
};

/// Every size of the sweep, in bytes, before it is rounded to whole elements.
std::vector<size_t> sizes_of(const PerfOptions& options);

/// The sizes as counts that the calls are given: rounded down to whole elements, and blocks of one size where
/// the collective has blocks, one element at least; each once.
std::vector<size_t> counts_of(const PerfOptions& options, DataType type, int ranks);

/// One size, type and operation, in place or not. Times are those of iterations: the longest of any rank.
struct Measurement {
  double min_us = 0;
  double median_us = 0;
  double p95_us = 0;
  double p99_us = 0;
  int64_t wrong = -1;  ///< Elements, over all ranks and checks; -1: not checked.
};

struct Row {
  size_t bytes = 0;  ///< Of the larger of the two buffers.
  size_t count = 0;  ///< What the call is given.
  DataType type = DataType::float32;
  std::optional<ReduceOp> op{};
  std::optional<int> root{};
  double bus_factor = 1;
  Measurement out_of_place{};
  std::optional<Measurement> in_place{};
};

/// For reports: "none" for collectives that reduce nothing; -1 for those without a root.
std::string_view op_text(const Row& row);
int root_number(const Row& row);

/// Statistics over the times of the iterations (ns), which are reordered.
Measurement summarize(std::vector<double>& iteration_ns);

/// GB = 1e9 bytes. The median counts. busbw: what the busiest link carries, whatever the number of ranks
/// (docs/measuring.md).
double algorithm_bandwidth(const Row& row, const Measurement& measurement);
double bus_bandwidth(const Row& row, const Measurement& measurement);

}  // namespace bccl::tool
