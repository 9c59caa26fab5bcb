// Ranks that end between calls: killed, or by leaving without a word.
#include <catch2/catch.hpp>

#include "job.h"
#include "leavings.h"

namespace bccl::test {
namespace {

/// All ranks call a few times and then rest; the victim ends; the others ask for the state or call again.
void check_between(int ranks, int victim, bool by_call) {
  INFO(ranks << " ranks, rank " << victim << " dies, the others "
             << (by_call ? "call" : "ask for the state"));
  Job job(ranks, {}, [&](Member& member) {
    member.join();
    member.sum_well(500, 3);
    member.reach(1);
    if (member.rank() == victim)
      for (;;) pause();
    member.await_go(1);
    member.note(by_call ? member.sum(500) : member.await_async_error());
    member.destroy();
  });
  for (int rank = 0; rank < ranks; ++rank) job.await_stage(rank, 1);
  const int64_t killed_ns = job.kill(victim);
  job.let_go(1);
  for (int rank = 0; rank < ranks; ++rank)
    if (rank != victim) job.check_told(rank, bcclRemoteError, {victim}, killed_ns);
  job.check_ends({victim});
}

TEST_CASE("A rank killed between calls is named by every other rank's next call") {
  const Leavings leavings;
  for (const int ranks : {2, 4, 8})
    for (const int victim : {0, ranks - 1}) check_between(ranks, victim, true);
  CHECK(leavings.lasting().empty());
}

TEST_CASE("A rank killed between calls is named by every other rank's state, without a call") {
  for (const int ranks : {2, 4, 8})
    for (const int victim : {0, ranks / 2}) check_between(ranks, victim, false);
}

TEST_CASE("A rank that ends without destroying disturbs nobody until it is needed, and is named then") {
  for (const int ranks : {2, 5}) {
    const int leaver = ranks - 1;
    Job job(ranks, {}, [&](Member& member) {
      member.join();
      member.sum_well(20'000, 5);
      if (member.rank() == leaver) return;  // ends the process with the communicator alive
      member.sum_well(0);                   // moves nothing, so it needs nobody
      member.reach(1);
      member.await_go(1);
      member.note(member.sum(20'000));
      member.destroy();
    });
    for (int rank = 0; rank < leaver; ++rank) job.await_stage(rank, 1);
    const int64_t start = now_ns();
    job.let_go(1);
    for (int rank = 0; rank < leaver; ++rank) job.check_told(rank, bcclRemoteError, {leaver}, start);
    job.check_ends();
  }
}

TEST_CASE("A rank that destroys and ends at once after its last call lets the others finish theirs") {
  for (int round = 0; round < (sanitized ? 3 : 10); ++round) {
    Job job(4, {}, [&](Member& member) {
      member.join();
      member.sum_well(size_t(1 + round * 10'000), 5);
      if (member.rank() % 2 == 0) member.destroy();
    });
    job.check_ends();
  }
}

}  // namespace
}  // namespace bccl::test
