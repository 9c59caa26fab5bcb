// That #wrong counts what is wrong: the linker puts a saboteur between the sweep and the collective (--wrap).
#include "tools/bccl/perf/sweep.h"

#include <atomic>
#include <functional>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "bccl/bccl.h"
#include "tools/bccl/perf/perf.h"

namespace {

/// One call of the sweep, after it was made right.
struct Made {
  float* source;
  float* target;
  size_t count;
  int rank;
  bool in_place() const { return source == target; }
};

std::function<void(const Made& call)> sabotage;

}  // namespace

extern "C" {
bcclResult_t __real_bcclAllReduce(const void*, void*, size_t, bcclDataType_t, bcclRedOp_t, bcclComm_t,
                                  bcclStream_t);
bcclResult_t __wrap_bcclAllReduce(const void* send, void* recv, size_t count, bcclDataType_t type,
                                  bcclRedOp_t op, bcclComm_t comm, bcclStream_t stream) {
  const bcclResult_t result = __real_bcclAllReduce(send, recv, count, type, op, comm, stream);
  int rank = -1;
  bcclCommUserRank(comm, &rank);
  // Floats alone: with other types the ranks tell each other times and sums.
  if (sabotage && type == bcclFloat32)
    sabotage({static_cast<float*>(const_cast<void*>(send)), static_cast<float*>(recv), count, rank});
  return result;
}
}

namespace bccl::tool {
namespace {

constexpr size_t count = 1000;
constexpr int ranks = 3;

struct Counts {
  int64_t out_of_place = 0;
  int64_t in_place = 0;
  bool operator==(const Counts&) const = default;
};

class Keeping : public Report {
 public:
  void begin() override {}
  void row(const Row& row) override { counts = {row.out_of_place.wrong, row.in_place.wrong}; }
  void end() override {}
  Counts counts;
};

/// What a sweep of one size finds when each of its calls is followed by `act`.
Counts found(const std::function<void(const Made& call)>& act) {
  PerfOptions options;
  options.bytes_min = options.bytes_max = count * sizeof(float);
  options.iterations = 2;
  const FileDescriptor page = std::move(make_barrier_memory(ranks)).value();
  std::vector<bcclComm_t> comms(ranks);
  REQUIRE(bcclCommInitAll(comms.data(), ranks, nullptr) == bcclSuccess);
  Keeping report;
  std::atomic<int64_t> totals{0};
  std::atomic<int> done{0};
  sabotage = act;
  test::on_ranks(ranks, [&](int rank) {
    auto barrier = shared_barrier(page.get());
    Report* reports = rank == 0 ? &report : nullptr;
    auto sweep = Sweep::make(options, comms[size_t(rank)], *barrier.value(), reports);
    auto wrong = sweep.value().run();
    if (wrong.ok() && rank == 0) totals = wrong.value();
    if (wrong.ok()) ++done;
  });
  sabotage = nullptr;
  for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
  CHECK(done == ranks);
  CHECK(totals == report.counts.out_of_place + report.counts.in_place);
  return report.counts;
}

// Out of place three results are looked at: of the first call, of the last timed one, and of one after it. In
// place two, for there the timed calls leave nothing to compare with.
constexpr int64_t looks_out_of_place = 3;
constexpr int64_t looks_in_place = 2;

TEST_CASE("Nothing is wrong with a collective that is right") {
  CHECK(found([](const Made&) {}) == Counts{0, 0});
}

TEST_CASE("One wrong element is counted, the first and the last, on whichever rank") {
  for (const int rank : {0, 2})
    for (const size_t at : {size_t{0}, size_t{1}, count - 1}) {
      INFO("rank " << rank << ", element " << at);
      CHECK(found([&](const Made& call) {
              if (call.rank == rank) call.target[at] += 1;
            }) == Counts{looks_out_of_place, looks_in_place});
    }
}

TEST_CASE("Every wrong element is counted, once a look") {
  CHECK(found([](const Made& call) {
          for (size_t i = 0; call.rank == 1 && i < count; ++i) call.target[i] = -call.target[i] - 1;
        }) == Counts{looks_out_of_place * int64_t{count}, looks_in_place * int64_t{count}});
}

TEST_CASE("Results of the call before do not pass for those of this one") {
  std::vector<float> before(count);
  const Counts counts = found([&](const Made& call) {
    if (call.rank != 1 || call.in_place()) return;
    std::vector<float> now(call.target, call.target + count);
    std::copy(before.begin(), before.end(), call.target);
    before = std::move(now);
  });
  CHECK(counts.out_of_place > int64_t{count} / 2);
  CHECK(counts.in_place == 0);
}

TEST_CASE("A changed input is counted, out of place") {
  CHECK(found([](const Made& call) {
          if (call.rank == 2 && !call.in_place()) call.source[7] += 1;
        }).out_of_place >= looks_out_of_place);
}

TEST_CASE("A byte written behind the result is counted") {
  CHECK(found([](const Made& call) {
          if (call.rank == 0) reinterpret_cast<std::byte*>(call.target + count)[3] = std::byte{1};
        }) == Counts{looks_out_of_place, looks_in_place});
}

TEST_CASE("A wrong element makes bccl perf fail, and none does not") {
  PerfOptions options;
  options.collective = "all_reduce";
  options.threads = 2;
  options.bytes_min = options.bytes_max = count * sizeof(float);
  options.iterations = 1;
  options.format = Format::csv;
  const auto status = [&](const std::function<void(const Made& call)>& act) {
    sabotage = act;
    const Result<int> result = perf_in_threads(options);
    sabotage = nullptr;
    return result.ok() ? result.value() : -1;
  };
  CHECK(status([](const Made&) {}) == 0);
  CHECK(status([](const Made& call) {
          if (call.rank == 1) call.target[0] += 1;
        }) == 1);
}

}  // namespace
}  // namespace bccl::tool
