// After a death the others go on: they shrink their communicator, and the next calls are right.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "job.h"
#include "leavings.h"

namespace bccl::test {
namespace {

constexpr int stage_told = 1;

TEST_CASE("Ranks that lose one after the other shrink each time, and the sums of those that are left are right") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const Leavings leavings;
  for (const int ranks : {3, 4}) {
    std::vector<int> victims{0, 1, 2, 3};
    victims.resize(size_t(ranks));
    std::shuffle(victims.begin(), victims.end(), random);
    const int first = victims[0];
    const int second = victims[1];
    const size_t count = std::vector<size_t>{1, 1000, 300'000}[random() % 3];
    INFO(ranks << " ranks, killed: " << first << ", then " << second << "; count " << count);
    Job job(ranks, {}, [&](Member& member) {
      const int me = member.rank();  // as the test counts: shrinking gives others
      member.join();
      expect(member.sum_until_error(count) == bcclRemoteError, bcclGetLastError(member.comm()));
      member.shrink_without({first});
      member.sum_well(count, 3);
      member.board().ranks[me].stage.store(stage_told);
      const bcclResult_t told = member.sum_until_error(count);
      expect(told == bcclRemoteError, bcclGetLastError(member.comm()));
      member.shrink_without({second > first ? second - 1 : second});
      member.sum_well(count, 3);
      member.destroy();
    });
    for (int rank = 0; rank < ranks; ++rank) job.await_calls(rank, 2);
    usleep(static_cast<useconds_t>(random() % 3'000));  // anywhere in a call
    job.kill(first);
    for (const int rank : victims)
      if (rank != first) job.await_stage(rank, stage_told);
    job.kill(second);
    job.check_ends({first, second});
  }
  CHECK(leavings.lasting().empty());
}

}  // namespace
}  // namespace bccl::test
