// One rank of a job on hosts, on the public API alone:
//
//   host_rank collectives SETTINGS...   a communicator with each of these settings; every collective, checked
//   host_rank sums BYTES                the same all-reduce, checked, until it fails or rank 0 gets a SIGTERM
//
// It says on stdout what the test waits for, one line each. Exit status 1: a wrong result, or an error where
// there should be none.
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bccl/bccl.h"

namespace {

using Numbers = std::vector<int32_t>;

constexpr size_t counts[] = {1, 1000, 30'011};

[[noreturn]] void fail(const char* what, const char* why) {
  std::printf("failed: %s: %s\n", what, why);
  std::exit(1);
}

void must(bcclResult_t result, const char* what) {
  if (result != bcclSuccess) fail(what, bcclGetLastError(nullptr));
}

/// A communicator and its place in it.
struct Comm {
  explicit Comm(const char* settings) {
    bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
    config.settings = settings;
    must(bcclCommInitFromEnvConfig(&handle, &config), "creation");
    must(bcclCommCount(handle, &ranks), "bcclCommCount");
    must(bcclCommUserRank(handle, &rank), "bcclCommUserRank");
  }
  ~Comm() { bcclCommDestroy(handle); }
  Comm(const Comm&) = delete;

  bcclComm_t handle = nullptr;
  int ranks = 0;
  int rank = 0;
};

/// Element `index` of what rank `from` has for rank `to`, or for all.
int32_t given(int from, int to, size_t index) {
  return static_cast<int32_t>(static_cast<uint32_t>(from) * 1'000'003U + static_cast<uint32_t>(to) * 10'007U +
                              static_cast<uint32_t>(index) * 7U);
}

Numbers block(int from, int to, size_t count) {
  Numbers numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = given(from, to, i);
  return numbers;
}

/// The blocks of several givers or getters, one after another.
template <class Make>
Numbers blocks(int ranks, const Make& make) {
  Numbers all;
  for (int rank = 0; rank < ranks; ++rank) {
    const Numbers one = make(rank);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

Numbers sum_for(int ranks, int to, size_t count) {
  Numbers sum(count);
  for (int from = 0; from < ranks; ++from)
    for (size_t i = 0; i < count; ++i)
      sum[i] =
          static_cast<int32_t>(static_cast<uint32_t>(sum[i]) + static_cast<uint32_t>(given(from, to, i)));
  return sum;
}

void check(const char* what, bcclResult_t result, const Numbers& got, const Numbers& wanted) {
  must(result, what);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (got[i] != wanted[i]) fail(what, ("element " + std::to_string(i) + " is wrong").c_str());
}

/// What one rank of each collective gives and gets, by what the collective means.
void check_collectives(const Comm& comm, size_t count) {
  const int n = comm.ranks, me = comm.rank, root = n - 1;
  const auto all = static_cast<size_t>(n) * count;
  const auto from_each = [&](int to) { return blocks(n, [&](int from) { return block(from, to, count); }); };
  const Numbers mine = block(me, 0, count);
  const Numbers for_each = blocks(n, [&](int to) { return block(me, to, count); });
  Numbers one(count), many(all);
  const auto type = bcclInt32;
  const auto at_root = [&](const Numbers& wanted) { return me == root ? wanted : Numbers{}; };

  check("all_reduce", bcclAllReduce(mine.data(), one.data(), count, type, bcclSum, comm.handle, nullptr), one,
        sum_for(n, 0, count));
  check("all_gather", bcclAllGather(mine.data(), many.data(), count, type, comm.handle, nullptr), many,
        from_each(0));
  check("reduce_scatter",
        bcclReduceScatter(for_each.data(), one.data(), count, type, bcclSum, comm.handle, nullptr), one,
        sum_for(n, me, count));
  check("broadcast", bcclBroadcast(mine.data(), one.data(), count, type, root, comm.handle, nullptr), one,
        block(root, 0, count));
  check("reduce", bcclReduce(mine.data(), one.data(), count, type, bcclSum, root, comm.handle, nullptr), one,
        at_root(sum_for(n, 0, count)));
  check("gather", bcclGather(mine.data(), many.data(), count, type, root, comm.handle, nullptr), many,
        at_root(from_each(0)));
  check("scatter", bcclScatter(for_each.data(), one.data(), count, type, root, comm.handle, nullptr), one,
        block(root, me, count));
  check("alltoall", bcclAlltoAll(for_each.data(), many.data(), count, type, comm.handle, nullptr), many,
        from_each(me));
  check("barrier", bcclBarrier(comm.handle, nullptr), {}, {});

  const int next = (me + 1) % n, before = (me + n - 1) % n;
  must(bcclGroupStart(), "bcclGroupStart");
  must(bcclSend(mine.data(), count, type, next, comm.handle, nullptr), "send");
  must(bcclRecv(one.data(), count, type, before, comm.handle, nullptr), "receive");
  check("send and receive", bcclGroupEnd(), one, block(before, 0, count));
}

/// The bits of a sum that rounds, as a number.
uint64_t bits_of_a_sum(const Comm& comm) {
  std::mt19937 random(static_cast<uint32_t>(comm.rank) + 1);
  std::uniform_real_distribution<float> mantissa(-1, 1);
  std::vector<float> numbers(counts[2]);
  for (float& number : numbers) number = std::ldexp(mantissa(random), static_cast<int>(random() % 9));
  must(
      bcclAllReduce(numbers.data(), numbers.data(), numbers.size(), bcclFloat, bcclSum, comm.handle, nullptr),
      "all_reduce of float");
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const float number : numbers) {
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    hash = (hash ^ bits) * 1099511628211U;
  }
  return hash;
}

int run_collectives(char** settings) {
  for (; *settings != nullptr; ++settings) {
    const Comm comm(*settings);
    for (const size_t count : counts) check_collectives(comm, count);
    std::printf("%s: bits %016llx\n", *settings, static_cast<unsigned long long>(bits_of_a_sum(comm)));
  }
  return 0;
}

std::atomic<bool> asked_to_stop = false;

/// Element 0 is rank 0's word that this call is the last.
int run_sums(size_t bytes) {
  std::signal(SIGTERM, [](int) { asked_to_stop = true; });
  const Comm comm("");
  const size_t count = bytes / sizeof(int32_t);
  const Numbers wanted = sum_for(comm.ranks, 0, count);
  Numbers mine = block(comm.rank, 0, count), sum(count);
  for (int64_t call = 1;; ++call) {
    const int32_t last = comm.rank == 0 && asked_to_stop ? 1 : 0;
    mine[0] = last;
    const bcclResult_t result =
        bcclAllReduce(mine.data(), sum.data(), count, bcclInt32, bcclSum, comm.handle, nullptr);
    if (result != bcclSuccess) {
      std::printf("told at %lld code %d: %s\n", static_cast<long long>(bccl::now_ns()), result,
                  bcclGetLastError(comm.handle));
      return 0;
    }
    if (std::memcmp(&sum[1], &wanted[1], (count - 1) * sizeof(int32_t)) != 0)
      fail("all_reduce", "a wrong sum");
    if (sum[0] == 1) break;
    if (call == 3) std::printf("running\n");
    if (call % 16 == 0) std::printf("call %lld\n", static_cast<long long>(call));
  }
  std::printf("stopped\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode == "collectives") return run_collectives(argv + 2);
  if (mode == "sums") return run_sums(std::strtoull(argv[2], nullptr, 10));
  std::fprintf(stderr, "host_rank collectives SETTINGS... | sums BYTES\n");
  return 2;
}
