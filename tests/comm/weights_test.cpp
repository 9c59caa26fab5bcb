// Ranks that were given weights when the communicator was made share the work of an all-reduce by them.
#include <numeric>

#include <catch2/catch.hpp>

#include "team.h"
#include "transport/decorators/traced.h"

namespace bccl::test {
namespace {

constexpr size_t elements = 48 << 10;
constexpr size_t records_max = 1 << 16;

std::vector<Settings> weighing(const std::vector<int64_t>& weights) {
  std::vector<Settings> all(weights.size(), test_settings());
  for (size_t rank = 0; rank < weights.size(); ++rank) all[rank].weight = weights[rank];
  return all;
}

/// What each rank's transport saw.
struct Traces {
  explicit Traces(size_t ranks) {
    for (size_t rank = 0; rank < ranks; ++rank) each.push_back(std::make_shared<Trace>(records_max));
  }
  Decorate decorate() {
    return [this](std::unique_ptr<Endpoint> inner, int rank) { return traced(std::move(inner), rank, each[size_t(rank)]); };
  }
  /// Bytes that the rank committed, once for each peer.
  size_t sent_by(int rank) const {
    const Trace& trace = *each[size_t(rank)];
    REQUIRE(trace.dropped() == 0);
    size_t bytes = 0;
    for (const Trace::Record& record : trace.records())
      if (record.event == Trace::Event::commit) bytes += record.bytes * trace.ends()[record.end].peers.size();
    return bytes;
  }

  std::vector<std::shared_ptr<Trace>> each;
};

Status sum_up(Communicator& communicator) {
  std::vector<int32_t> in(elements), out(elements);
  std::iota(in.begin(), in.end(), communicator.rank());
  BCCL_TRY(communicator.run(Call{.source = in.data(), .target = out.data(), .count = elements, .type = DataType::int32}));
  const int n = communicator.ranks();
  for (size_t at = 0; at < elements; ++at)
    if (out[at] != n * static_cast<int>(at) + n * (n - 1) / 2) return fail(Code::internal_error, "element {} is wrong", at);
  return {};
}

TEST_CASE("A rank of weight 0 gives its data away and sums up nothing, others share by weight") {
  Traces traces(3);
  Team team(weighing({1, 3, 0}), traces.decorate());
  CHECK(team[1].facts().weights == std::vector<uint32_t>{1, 3, 0});
  REQUIRE(troubles(team.each(sum_up)) == "");
  constexpr size_t whole = elements * sizeof(int32_t);
  // A rank sends what the others sum up, and each of its own sums to both of them.
  const auto about = [](size_t bytes) { return Approx(double(bytes)).epsilon(0.05); };
  CHECK(double(traces.sent_by(0)) == about(whole * 3 / 4 + 2 * whole / 4));
  CHECK(double(traces.sent_by(1)) == about(whole / 4 + 2 * whole * 3 / 4));
  CHECK(double(traces.sent_by(2)) == about(whole));
}

TEST_CASE("Equal weights are none, and weights that are all 0 are refused on every rank") {
  Team team(weighing({5, 5}));
  CHECK(team[0].facts().weights.empty());
  for (const Status& made : create_with(weighing({0, 0}))) {
    CHECK(made.code() == Code::invalid_usage);
    CHECK_THAT(made.sentence(), Catch::Contains("BCCL_WEIGHT is 0 on all ranks"));
  }
}

}  // namespace
}  // namespace bccl::test
