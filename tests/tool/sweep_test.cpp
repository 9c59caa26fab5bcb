// The sweep of `bccl perf` finds what is wrong: a saboteur stands between it and the collective.
#include "tools/bccl/perf/sweep.h"

#include <atomic>
#include <functional>

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "bccl/bccl.h"
#include "tools/bccl/perf/perf.h"

namespace bccl::tool {
namespace {

/// One call of the sweep, after it was made right. All of them are of floats.
struct Made {
  const CallShape& shape;
  const CallArguments& arguments;
  int rank() const { return shape.rank; }
  bool in_place() const { return shape.in_place; }
  float* source() const { return static_cast<float*>(const_cast<void*>(arguments.send)); }
  float* target() const { return static_cast<float*>(arguments.receive); }
};
using Saboteur = std::function<void(const Made& call)>;

Saboteur sabotage;
const MeasuredCollective* sabotaged = nullptr;

bcclResult_t call_and_sabotage(const CallShape& shape, const CallArguments& arguments) {
  const bcclResult_t result = sabotaged->call(shape, arguments);
  if (sabotage) sabotage({shape, arguments});
  return result;
}

/// The row of a collective, with the saboteur behind its call.
MeasuredCollective with_saboteur(std::string_view name) {
  sabotaged = find_measured(name);
  MeasuredCollective row = *sabotaged;
  row.call = call_and_sabotage;
  return row;
}

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
  void row(const Row& row) override {
    counts = {row.out_of_place.wrong, row.in_place ? row.in_place->wrong : 0};
  }
  void end() override {}
  Counts counts;
};

/// What a sweep of one size finds when each of its calls is followed by `act`.
Counts found(const Saboteur& act, std::string_view collective = "all_reduce") {
  const MeasuredCollective row = with_saboteur(collective);
  PerfOptions options;
  options.collective = &row;
  options.root = 1;
  options.traffic = TrafficKind::skewed;
  options.bytes_min = options.bytes_max = count * sizeof(float) * (row.has_blocks ? ranks : 1);
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
    auto sweep = Sweep::make(options, {comms[size_t(rank)], comms[size_t(rank)]}, *barrier.value(), reports);
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
              if (call.rank() == rank) call.target()[at] += 1;
            }) == Counts{looks_out_of_place, looks_in_place});
    }
}

TEST_CASE("Every wrong element is counted, once a look") {
  CHECK(found([](const Made& call) {
          for (size_t i = 0; call.rank() == 1 && i < count; ++i) call.target()[i] = -call.target()[i] - 1;
        }) == Counts{looks_out_of_place * int64_t{count}, looks_in_place * int64_t{count}});
}

TEST_CASE("Results of the call before do not pass for those of this one") {
  std::vector<float> before(count);
  const Counts counts = found([&](const Made& call) {
    if (call.rank() != 1 || call.in_place()) return;
    std::vector<float> now(call.target(), call.target() + count);
    std::copy(before.begin(), before.end(), call.target());
    before = std::move(now);
  });
  CHECK(counts.out_of_place > int64_t{count} / 2);
  CHECK(counts.in_place == 0);
}

TEST_CASE("A changed input is counted, out of place") {
  CHECK(found([](const Made& call) {
          if (call.rank() == 2 && !call.in_place()) call.source()[7] += 1;
        }).out_of_place >= looks_out_of_place);
}

TEST_CASE("A byte written behind the result is counted") {
  CHECK(found([](const Made& call) {
          if (call.rank() == 0) reinterpret_cast<std::byte*>(call.target() + count)[3] = std::byte{1};
        }) == Counts{looks_out_of_place, looks_in_place});
}

/// Where a piece of what a rank receives begins, counted from what the call is given.
float* at(const Made& call, const Piece& piece, const DataLayout& layout) {
  return call.target() + piece.at - (call.in_place() ? layout.receive_at : 0);
}

TEST_CASE(
    "Nothing is wrong with any collective, and one wrong element of any piece of its result is counted") {
  for (const MeasuredCollective& collective : measured_collectives()) {
    CAPTURE(collective.name);
    CHECK(found({}, collective.name) == Counts{0, 0});
    for (size_t piece = 0; piece < ranks; ++piece) {
      std::atomic<bool> spoilt_out_of_place{false}, spoilt_in_place{false};
      const auto spoil = [&](const Made& call) {
        const DataLayout layout = collective.layout(call.shape);
        if (call.rank() != 1 || piece >= layout.expected.size()) return;
        const Piece& spoilt = layout.expected[piece];
        (call.in_place() ? spoilt_in_place : spoilt_out_of_place) = true;
        // A bit of it: what stands there may be no number.
        reinterpret_cast<std::byte&>(at(call, spoilt, layout)[spoilt.count - 1]) ^= std::byte{1};
      };
      const Counts counts = found(spoil, collective.name);
      CAPTURE(piece, counts.out_of_place, counts.in_place);
      CHECK(counts.out_of_place >= (spoilt_out_of_place ? looks_out_of_place : 0));
      CHECK(counts.in_place >= (spoilt_in_place ? looks_in_place : 0));
      CHECK((piece > 0 || spoilt_out_of_place));
      CHECK((piece > 0 || spoilt_in_place == collective.may_be_in_place));
    }
  }
}

TEST_CASE("What a collective writes where it has nothing to write is counted") {
  for (const std::string_view collective : {"reduce", "gather"}) {
    CAPTURE(collective);
    const Counts counts = found(
        [](const Made& call) {
          if (call.rank() == 0) *reinterpret_cast<std::byte*>(call.target() + 5) = std::byte{1};  // no root
        },
        collective);
    CHECK(counts.out_of_place >= looks_out_of_place);
    CHECK(counts.in_place >= looks_in_place);
  }
}

TEST_CASE("A wrong element makes bccl perf fail, and none does not") {
  const MeasuredCollective row = with_saboteur("all_reduce");
  PerfOptions options;
  options.collective = &row;
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
          if (call.rank() == 1) call.target()[0] += 1;
        }) == 1);
}

TEST_CASE("What is wrong in another communicator than the one that reports is counted, too") {
  const MeasuredCollective row = with_saboteur("all_reduce");
  PerfOptions options;
  options.collective = &row;
  options.bytes_min = options.bytes_max = count * sizeof(float);
  options.iterations = 2;
  const FileDescriptor page = std::move(make_barrier_memory(4)).value();
  std::vector<bcclComm_t> worlds(4), comms(4);
  REQUIRE(bcclCommInitAll(worlds.data(), 4, nullptr) == bcclSuccess);
  std::atomic<bcclComm_t> wronged{nullptr};
  sabotage = [&](const Made& call) {
    if (call.arguments.comm == wronged) call.target()[0] += 1;
  };
  Keeping report;
  test::on_ranks(4, [&](int rank) {
    const auto at = static_cast<size_t>(rank);
    const bool split = bcclCommSplit(worlds[at], rank % 2, rank, &comms[at], nullptr) == bcclSuccess;
    if (rank == 3) wronged = comms[at];
    auto barrier = shared_barrier(page.get());
    auto sweep =
        Sweep::make(options, {comms[at], worlds[at]}, *barrier.value(), rank == 0 ? &report : nullptr);
    if (split) static_cast<void>(sweep.value().run());
  });
  sabotage = nullptr;
  for (const bcclComm_t comm : comms) bcclCommDestroy(comm);
  for (const bcclComm_t world : worlds) bcclCommDestroy(world);
  CHECK(report.counts == Counts{looks_out_of_place, looks_in_place});
}

}  // namespace
}  // namespace bccl::tool
