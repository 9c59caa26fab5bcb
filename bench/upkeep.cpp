// bench_upkeep: what communicators cost besides time. The processor time of ranks that wait, and the memory
// of a pair of ranks: before its first call, after a large one, and after the end.
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../tests/support/process_view.h"
#include "base/clock.h"
#include "base/file_descriptor.h"
#include "joined.h"
#include "peers/fork_ranks.h"

namespace bccl::bench {
namespace {

constexpr int waiting_ranks = 8;
constexpr int64_t waiting_s = 2;
constexpr size_t large_count = size_t{64} << 20;
constexpr double mib = 1 << 20;

int64_t processor_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_usec * 1000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

/// All ranks but the last call at once; the last one only after a while. Each leaves the processor time of
/// its call.
void wait_for_the_last(SideChannel& side) {
  const bcclComm_t comm = join(side);
  std::vector<float> numbers(1000, 1.0F);
  const auto sum = [&] {
    check(bcclAllReduce(numbers.data(), numbers.data(), numbers.size(), bcclFloat, bcclSum, comm, nullptr));
  };
  sum();
  side.barrier();
  const int64_t before_ns = processor_ns();
  if (side.rank() == waiting_ranks) sleep(waiting_s);
  sum();
  side.times(side.rank())[0] = processor_ns() - before_ns;
  side.barrier();
  check(bcclCommDestroy(comm));
}

bool report_waiting() {
  const FileDescriptor file(memfd_create("side channel", 0));
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  if (fork_ranks(waiting_ranks + 1, [&](int rank) {
        SideChannel side(path, rank, waiting_ranks + 1);
        wait_for_the_last(side);
      }) != 0)
    return false;
  SideChannel side(path, 0, waiting_ranks + 1);
  int64_t used_ns = 0;
  for (int rank = 0; rank < waiting_ranks; ++rank) used_ns += side.times(rank)[0];
  std::printf("%d ranks wait %d s: %.1f ms of processor time together, %.2f %% of a core\n", waiting_ranks,
              static_cast<int>(waiting_s), static_cast<double>(used_ns) / 1e6,
              static_cast<double>(used_ns) / 1e7 / static_cast<double>(waiting_s));
  return true;
}

void sum_on_all(const std::vector<bcclComm_t>& comms, size_t count) {
  std::vector<std::thread> ranks;
  for (bcclComm_t comm : comms)
    ranks.emplace_back([comm, count] {
      std::vector<float> numbers(count, 1.0F);
      check(bcclAllReduce(numbers.data(), numbers.data(), count, bcclFloat, bcclSum, comm, nullptr));
    });
  for (std::thread& rank : ranks) rank.join();
}

/// The ranks are threads, so this process maps the memory of all of them, once.
void report_memory(int ranks) {
  const int descriptors = test::open_descriptors();
  std::vector<bcclComm_t> comms(static_cast<size_t>(ranks));
  check(bcclCommInitAll(comms.data(), ranks, nullptr));
  const test::Mappings made = test::mappings_of(test::node_memory_name);
  sum_on_all(comms, large_count / comms.size());
  const test::Mappings used = test::mappings_of(test::node_memory_name);
  for (bcclComm_t comm : comms) check(bcclCommDestroy(comm));
  const test::Mappings left = test::mappings_of(test::node_memory_name);
  const double pairs = ranks * (ranks - 1) / 2.0;
  std::printf(
      "%d ranks: %.2f MiB a pair reserved, of which exist %.0f KiB before the first call and %.2f MiB after "
      "a large one; "
      "left after the end: %.2f MiB and %d descriptors\n",
      ranks, static_cast<double>(made.bytes) / pairs / mib,
      static_cast<double>(made.resident_bytes) / pairs / 1024,
      static_cast<double>(used.resident_bytes) / pairs / mib, static_cast<double>(left.bytes) / mib,
      test::open_descriptors() - descriptors);
}

}  // namespace
}  // namespace bccl::bench

int main() {
  if (!bccl::bench::report_waiting()) return 1;
  for (const int ranks : {2, 4, 8}) bccl::bench::report_memory(ranks);
}
