// A transport that fails at any point of a call: every rank learns of it, none hangs, none returns a wrong result.
#include <catch2/catch.hpp>

#include "algos/catalogue.h"
#include "team.h"
#include "transport/decorators/faulty.h"

namespace bccl::test {
namespace {

constexpr int ranks = 3;
constexpr int calls = 2;  ///< A rank that was done when the fault struck must learn of it in the next one.
constexpr size_t count = 300;

/// Makes the calls; the first error, or what is wrong with a result.
Status call_repeatedly(Communicator& communicator) {
  for (int call = 1; call <= calls; ++call) {
    const std::vector<int32_t> source(count, call + communicator.rank());
    std::vector<int32_t> target(count);
    BCCL_TRY(communicator.run({.source = source.data(),
                               .target = target.data(),
                               .count = count,
                               .type = DataType::int32,
                               .reduction = {.op = ReduceOp::sum}}));
    const int32_t expected = ranks * call + ranks * (ranks - 1) / 2;
    if (target != std::vector<int32_t>(count, expected))
      return fail(Code::internal_error, "rank {}: wrong result of call {}", communicator.rank(), call);
  }
  return {};
}

/// All ranks' outcomes with the fault on one rank's transport, and what each rank then says of its communicator.
struct Aftermath {
  Outcomes outcomes;
  Outcomes states;
};

Aftermath strike(const Algorithm& algorithm, int struck, const Fault& fault) {
  Team team(ranks, test_settings(std::string(algorithm.name)), [&](std::unique_ptr<Endpoint> endpoint, int rank) {
    return rank == struck ? faulty(std::move(endpoint), rank, fault) : std::move(endpoint);
  });
  Aftermath aftermath;
  aftermath.outcomes = team.each(call_repeatedly);
  for (int rank = 0; rank < ranks; ++rank) aftermath.states.push_back(team[rank].async_error());
  return aftermath;
}

bool all_ok(const Outcomes& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(), [](const Status& status) { return status.ok(); });
}

void check_aftermath(const Aftermath& aftermath, Fault::Kind kind) {
  for (const Status& outcome : aftermath.outcomes) {
    if (outcome.ok()) continue;  // this rank's calls were complete before
    CHECK(outcome.code() != Code::timeout);
    CHECK_THAT(outcome.sentence(), Catch::Contains("rank ") && !Catch::Contains("wrong result"));
    if (kind == Fault::Kind::stop) CHECK_THAT(outcome.sentence(), Catch::Contains("injected fault"));
  }
  for (const Status& state : aftermath.states) CHECK_FALSE(state.ok());
}

/// Lets the fault strike one operation later each time, until none is left to be struck. How many there were.
int64_t strike_everywhere(const Algorithm& algorithm, int struck, Fault::Kind kind) {
  for (int64_t after = 0;; ++after) {
    const Aftermath aftermath = strike(algorithm, struck, {.kind = kind, .after = after, .peer = {}, .lane = {}});
    INFO(algorithm.name << ", rank " << struck << ", after " << after << "\n" << troubles(aftermath.outcomes));
    if (all_ok(aftermath.outcomes) && all_ok(aftermath.states)) return after;
    check_aftermath(aftermath, kind);
    REQUIRE(after < 1000);
  }
}

TEST_CASE("A transport that stops at any point of a call breaks the communicator on every rank") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    for (const int struck : {0, ranks - 1})
      CHECK(strike_everywhere(algorithm, struck, Fault::Kind::stop) >= 2 * calls);
}

TEST_CASE("A slice with another signature at any point of a call breaks the communicator on every rank") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    CHECK(strike_everywhere(algorithm, 1, Fault::Kind::flip_signature) >= calls);
}

TEST_CASE("A slice cut short at any point of a call breaks the communicator on every rank") {
  for (const Algorithm& algorithm : algorithms(Collective::all_reduce))
    CHECK(strike_everywhere(algorithm, 1, Fault::Kind::truncate) >= calls);
}

}  // namespace
}  // namespace bccl::test
