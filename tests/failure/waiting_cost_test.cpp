// What waiting costs: ranks that wait long, and more of them than cores, sleep.
#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "job.h"

namespace bccl::test {
namespace {

int64_t cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_usec * 1000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

TEST_CASE("Eight ranks that wait two seconds for a ninth use a twentieth of one core, all together") {
  constexpr int64_t wait_ns = 2'000'000'000;
  Job job(9, {}, [](Member& member) {
    member.join();
    member.sum_well(1000, 3);
    if (member.rank() == 8) usleep(wait_ns / 1000);
    const int64_t before = cpu_ns();
    const int64_t start = now_ns();
    member.sum_well(1000);
    member.board().ranks[member.rank()].cpu_ns.store(cpu_ns() - before);
    if (member.rank() != 8) expect(now_ns() - start > wait_ns / 2, "it did not wait");
    member.destroy();
  });
  job.check_ends();
  int64_t used_ns = 0;
  for (int rank = 0; rank < 8; ++rank) used_ns += job.notes(rank).cpu_ns.load();
  WARN("8 ranks waiting for 2 s used " << double(used_ns) / 1e6 << " ms of processor time; 100 are allowed");
  if (!sanitized) CHECK(used_ns < wait_ns * 15 / 100);  // thrice the target, for a loaded machine
}

TEST_CASE("Two ranks that fit the cores sleep, too, once the wait is long") {
  constexpr int64_t wait_ns = 1'000'000'000;
  Job job(2, {}, [](Member& member) {
    member.join();
    member.sum_well(1000, 3);
    if (member.rank() == 1) usleep(wait_ns / 1000);
    const int64_t before = cpu_ns();
    member.sum_well(1000);
    member.board().ranks[member.rank()].cpu_ns.store(cpu_ns() - before);
    member.destroy();
  });
  job.check_ends();
  WARN("one rank waiting for 1 s used " << double(job.notes(0).cpu_ns.load()) / 1e6
                                        << " ms of processor time");
  if (!sanitized) CHECK(job.notes(0).cpu_ns.load() < wait_ns * 15 / 100);
}

}  // namespace
}  // namespace bccl::test
