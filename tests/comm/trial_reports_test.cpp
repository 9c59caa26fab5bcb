// Ranks that only write, or only read, choose the kind of stores by what it costs all of them.
#include "comm/trial_reports.h"

#include <catch2/catch.hpp>

#include "../node/nodes.h"
#include "team.h"

namespace bccl::test {
namespace {

/// Rank 0 writes, rank 1 reads; by rank 0's own time streaming would be the faster.
struct Pair {
  std::vector<std::unique_ptr<Node>> nodes = join_threads(2);
  StoreTrial writer{Stores::streaming, {.calls_per_kind = 1}};
  StoreTrial reader{Stores::streaming, {.calls_per_kind = 1}};
  TrialReports writers{*nodes[0]};
  TrialReports readers{*nodes[1]};

  void finish_trial(uint64_t call) {
    CHECK_FALSE(writer.took(100));
    CHECK_FALSE(reader.took(300));
    CHECK(writer.took(50));
    CHECK(reader.took(500));
    writers.tell(writer, call);
  }
};

TEST_CASE("A rank that only writes goes by what its readers tell of its stores") {
  Pair pair;
  pair.finish_trial(7);
  pair.writers.decide(7);
  CHECK(pair.writer.next() == Stores::streaming);
  pair.readers.tell(pair.reader, 7);
  pair.writers.decide(8);
  CHECK(pair.writer.next() == Stores::cached);
  CHECK(pair.writers.empty());
}

TEST_CASE("A trial of which a rank does not tell changes nothing and is given up") {
  Pair pair;
  pair.finish_trial(7);
  pair.readers.tell(pair.reader, 6);  // of another call
  pair.writers.decide(8);
  CHECK_FALSE(pair.writers.empty());
  pair.writers.decide(100);
  CHECK(pair.writers.empty());
  CHECK(pair.writer.next() == Stores::streaming);
}

/// The call with which a trial ended of which both ranks have told, or 0.
uint64_t trial_of_both(Team& team, uint64_t calls) {
  for (uint64_t call = 1; call <= calls; ++call)
    if (team[0].node()->trial(0, call) && team[0].node()->trial(1, call)) return call;
  return 0;
}

TEST_CASE("The ranks of calls with a root try kinds of stores in the same calls, also where one's stores are set") {
  constexpr size_t count = (1 << 20) / sizeof(float);
  constexpr uint64_t calls = 40;  // past all staging memory with either kind, and a trial's
  for (const std::string stores : {"auto", "streaming"})
    for (const Collective collective : {Collective::broadcast, Collective::gather}) {
      std::vector<Settings> settings(2, test_settings());
      settings[1].stores = stores;
      Team team(settings);
      if (team[0].facts().cores < 2) return;
      const Outcomes outcomes = team.each([&](Communicator& communicator) -> Status {
        const std::vector<float> source(count, 1);
        std::vector<float> target(2 * count);
        for (uint64_t call = 0; call < calls; ++call)
          BCCL_TRY(communicator.run({.collective = collective, .source = source.data(), .target = target.data(), .count = count}));
        return {};
      });
      INFO(name_of(collective) << ", " << stores << ": " << troubles(outcomes));
      CHECK(trial_of_both(team, calls) != 0);
    }
}

}  // namespace
}  // namespace bccl::test
