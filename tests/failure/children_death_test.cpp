// A rank killed while ranks make communicators of other ones, in groups and in the background: all others are told.
#include <random>

#include <catch2/catch.hpp>

#include "job.h"
#include "leavings.h"

namespace bccl::test {
namespace {

/// What has become of a child, which then ends.
bcclResult_t end_of(bcclComm_t child) {
  if (child == nullptr) return bcclSuccess;
  bcclResult_t state = bcclInProgress;
  expect(holds_within_ms(patience_ms,
                         [&] { return bcclCommGetAsyncError(child, &state) == bcclSuccess && state != bcclInProgress; }),
         "a child stayed in progress");
  expect(bcclCommDestroy(child) == bcclSuccess, bcclGetLastError(nullptr));
  return state;
}

/// Two children at a time, until some cannot be made. Both have the same fate where both are waited for.
bcclResult_t make_children_until_error(Member& member, bool nonblocking) {
  bcclConfig_t config = BCCL_CONFIG_INITIALIZER;
  config.blocking = nonblocking ? 0 : 1;
  for (;;) {
    bcclComm_t children[2] = {};
    bcclGroupStart();
    for (bcclComm_t& child : children) expect(bcclCommSplit(member.comm(), 0, 0, &child, &config) == bcclSuccess, "not recorded");
    const bcclResult_t ended = bcclGroupEnd();
    const bcclResult_t first = end_of(children[0]);
    const bcclResult_t second = end_of(children[1]);
    if (ended != bcclSuccess && ended != bcclInProgress) return ended;
    if (first != bcclSuccess) return first;
    if (second != bcclSuccess) return second;
    member.board().ranks[member.rank()].calls.fetch_add(1);
  }
}

TEST_CASE("A rank killed while children are made in a group or in the background is named on all others") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const Leavings leavings;
  for (const bool nonblocking : {false, true, true}) {
    const int ranks = 3;
    const int victim = int(random() % ranks);
    INFO((nonblocking ? "nonblocking" : "in a group") << ", killed: rank " << victim);
    Job job(ranks, {}, [&](Member& member) {
      member.join();
      const bcclResult_t told = make_children_until_error(member, nonblocking);
      expect(told == bcclRemoteError, fmt::format("told {}: {}", int(told), bcclGetLastError(nullptr)));
      member.note(member.await_async_error());
      member.destroy();
    });
    for (int rank = 0; rank < ranks; ++rank) job.await_calls(rank, 2);
    usleep(static_cast<useconds_t>(random() % 5'000));  // anywhere in a split
    const int64_t killed_ns = job.kill(victim);
    for (int rank = 0; rank < ranks; ++rank)
      if (rank != victim) job.check_told(rank, bcclRemoteError, {victim}, killed_ns);
    job.check_ends({victim});
  }
  CHECK(leavings.lasting().empty());
}

}  // namespace
}  // namespace bccl::test
