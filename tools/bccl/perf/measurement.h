/// What `bccl perf` is asked to measure, and what it found. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/datatype.h"
#include "tools/bccl/job.h"

namespace bccl::tool {

enum class Format : uint8_t { table, csv, json };

/// What buffers are made of: private pages, or memory of bcclMemAlloc, which peers map.
enum class MemoryKind { private_pages, allocated };

struct PerfOptions {
  std::string collective;
  int ranks = 0;    ///< Processes to start; 0: not given.
  int threads = 0;  ///< Ranks as threads of this process instead; 0: not given.
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
  int barrier_fd = -1;  ///< Shared memory of the ranks this command started; -1: started by others.
};

/// Every size of the sweep, in bytes.
std::vector<size_t> sizes_of(const PerfOptions& options);

/// One size, type and operation, in place or not. Times are those of iterations: the longest of any rank.
struct Measurement {
  double min_us = 0;
  double median_us = 0;
  double p99_us = 0;
  int64_t wrong = -1;  ///< Elements, over all ranks and checks; -1: not checked.
};

struct Row {
  size_t count = 0;
  DataType type = DataType::float32;
  ReduceOp op = ReduceOp::sum;
  Measurement out_of_place;
  Measurement in_place;

  size_t bytes() const { return count * bytes_of(type); }
};

/// Statistics over the times of the iterations (ns), which are reordered.
Measurement summarize(std::vector<double>& iteration_ns);

/// GB = 1e9 bytes. The median counts. busbw: what the links carry whatever the number of ranks, 2 (n-1) / n ×
/// algbw.
double algorithm_bandwidth(size_t bytes, const Measurement& measurement);
double bus_bandwidth(size_t bytes, const Measurement& measurement, int ranks);

}  // namespace bccl::tool
