// bench_stream: what a stream adds to an all-reduce of two ranks, which are processes. Beside the inline call: a call that
// is enqueued and then synchronised, which the caller's own thread runs; and one whose caller sleeps until a function
// behind it in the stream wakes it, which the stream's thread runs. The ways take turns; times are those of the slower
// rank.
#include <semaphore.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "joined.h"
#include "peers/fork_ranks.h"

namespace bccl::bench {
namespace {

constexpr int ranks = 2;
constexpr int warm_up = 30;
constexpr int rounds = 1000;

struct Way {
  const char* name;
  void (*finish)(bcclStream_t stream);  ///< After the call. Null: the call has no stream.
};

void synchronize(bcclStream_t stream) { check(bcclStreamSynchronize(stream)); }

void sleep_until_told(bcclStream_t stream) {
  sem_t done;
  sem_init(&done, 0, 0);
  check(bcclStreamLaunch(stream, [](void* told) { sem_post(static_cast<sem_t*>(told)); }, &done));
  while (sem_wait(&done) != 0) {
  }
  sem_destroy(&done);
}

constexpr Way ways[] = {{"inline", nullptr}, {"synchronised", synchronize}, {"by the stream's thread", sleep_until_told}};
constexpr size_t way_count = std::size(ways);
static_assert((warm_up + rounds) * way_count <= iterations_max);

void measure(SideChannel& side, bcclComm_t comm, bcclStream_t stream, size_t bytes) {
  const size_t count = bytes / sizeof(float);
  std::vector<float> from(count, 1.0F);
  std::vector<float> to(count);
  for (size_t at = 0; at < (warm_up + rounds) * way_count; ++at) {
    const Way& way = ways[at % way_count];
    side.barrier();
    const int64_t start_ns = now_ns();
    const bcclStream_t in = way.finish != nullptr ? stream : nullptr;
    check(bcclAllReduce(from.data(), to.data(), count, bcclFloat, bcclSum, comm, in));
    if (way.finish != nullptr) way.finish(stream);
    side.times(side.rank())[at] = now_ns() - start_ns;
  }
  side.barrier();
}

double median_us(SideChannel& side, size_t way) {
  std::vector<int64_t> slower;
  for (size_t at = warm_up * way_count + way; at < (warm_up + rounds) * way_count; at += way_count)
    slower.push_back(std::max(side.times(0)[at], side.times(1)[at]));
  std::ranges::nth_element(slower, slower.begin() + rounds / 2);
  return static_cast<double>(slower[rounds / 2]) / 1000;
}

void report(SideChannel& side, size_t bytes) {
  std::array<double, way_count> us;
  for (size_t way = 0; way < way_count; ++way) us[way] = median_us(side, way);
  std::printf("%8zu B: %s %.1f us", bytes, ways[0].name, us[0]);
  for (size_t way = 1; way < way_count; ++way) std::printf("; %s %.1f us (%+.1f)", ways[way].name, us[way], us[way] - us[0]);
  std::printf("\n");
}

void run(SideChannel& side) {
  const bcclComm_t comm = join(side);
  bcclStream_t stream = nullptr;
  check(bcclStreamCreate(&stream));
  for (const size_t bytes : {size_t{8}, size_t{64} << 10, size_t{1} << 20}) {
    measure(side, comm, stream, bytes);
    if (side.rank() == 0) report(side, bytes);
    side.barrier();
  }
  check(bcclStreamDestroy(stream));
  check(bcclCommDestroy(comm));
}

}  // namespace
}  // namespace bccl::bench

int main() {
  using namespace bccl;
  const FileDescriptor file(memfd_create("side channel", 0));
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  return bench::fork_ranks(bench::ranks, [&](int rank) {
    bench::SideChannel side(path, rank, bench::ranks);
    bench::run(side);
  });
}
