// Ranks killed while communicators are being made.
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "job.h"
#include "leavings.h"

namespace bccl::test {
namespace {

/// Whether the process holds a socket.
bool has_socket(pid_t pid) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), error))
    if (std::filesystem::read_symlink(entry.path(), error).string().starts_with("socket:")) return true;
  return false;
}

/// All ranks but the last join; the victim is killed while it waits for the last; then the last comes too.
void kill_while_waiting(int ranks, int victim, std::mt19937& random) {
  const int last = ranks - 1;
  INFO(ranks << " ranks, rank " << victim << " is killed while rank " << last << " is awaited");
  Job job(ranks, {{"BCCL_BOOTSTRAP_TIMEOUT", "3s"}}, [&](Member& member) {
    if (member.rank() == last) member.await_go(1);
    member.reach(1);
    member.note(member.try_join());
  });
  for (int rank = 0; rank < last; ++rank) job.await_stage(rank, 1);
  REQUIRE(holds_within_ms(patience_ms, [&] {
    for (int rank = 0; rank < last; ++rank)
      if (!has_socket(job.pid(rank))) return false;
    return true;
  }));
  usleep(50'000 + static_cast<useconds_t>(random() % 50'000));  // connected long since, and waiting
  const int64_t killed_ns = job.kill(victim);
  for (int rank = 0; rank < last; ++rank) {
    if (rank == victim) continue;
    job.await_note(rank);
    const std::string sentence = job.notes(rank).sentence;
    INFO("rank " << rank << ": " << sentence);
    CHECK(job.notes(rank).noted.load() - 1 == bcclRemoteError);
    CHECK((job.notes(rank).noted_ns.load() - killed_ns) / 1'000'000 < tolerated_ms);
    // With rank 0 goes the root: then nobody is left who knows more than that.
    if (victim == 0)
      CHECK_THAT(sentence, Catch::Contains("root") && Catch::Contains("rank 0"));
    else
      CHECK_THAT(sentence, Catch::Contains(fmt::format("rank {}", victim)));
  }
  job.let_go(1);
  job.await_note(last);
  CHECK(job.notes(last).noted.load() - 1 != bcclSuccess);
  job.check_ends({victim});
}

TEST_CASE(
    "A rank killed while others are awaited is named to all that joined, and the last one is refused too") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  const Leavings leavings;
  for (const int ranks : {3, 4, 8}) kill_while_waiting(ranks, 1, random);
  CHECK(leavings.lasting().empty());
}

TEST_CASE("The root killed while others are awaited is said to have died") {
  std::mt19937 random(Catch::rngSeed());
  for (const int ranks : {3, 8}) kill_while_waiting(ranks, 0, random);
}

/// The victim is killed at any moment of the making; who got through is told by its first call.
void kill_while_joining(int ranks, int victim, std::mt19937& random) {
  const auto delay_us = static_cast<useconds_t>(random() % 12'000);
  INFO(ranks << " ranks, rank " << victim << " is killed " << delay_us << " us after the start");
  Job job(ranks, {{"BCCL_BOOTSTRAP_TIMEOUT", "2s"}}, [&](Member& member) {
    member.reach(1);
    bcclResult_t result = member.try_join();
    if (result == bcclSuccess) result = member.sum_until_error(1000);
    member.note(result);
  });
  job.await_stage(victim, 1);
  usleep(delay_us);
  const int64_t killed_ns = job.kill(victim);
  if (victim == 0 && job.board().id_made.load() == 0) return;  // nobody has anything to join
  for (int rank = 0; rank < ranks; ++rank) {
    if (rank == victim) continue;
    job.await_note(rank);
    const int code = job.notes(rank).noted.load() - 1;
    const std::string sentence = job.notes(rank).sentence;
    const int64_t ms = (job.notes(rank).noted_ns.load() - killed_ns) / 1'000'000;
    INFO("rank " << rank << " after " << ms << " ms, code " << code << ": " << sentence);
    // Who was killed before it had connected is not dead but missing. Who comes after all others have given
    // up, rank 0 among them, finds no root.
    CHECK((code == bcclRemoteError || code == bcclTimeout));
    CHECK(ms < (code == bcclTimeout ? 2000 : 0) + tolerated_ms);
    if (victim == 0)
      CHECK_THAT(sentence,
                 Catch::Contains("rank 0") || Catch::Contains("root") || Catch::Contains("not connect"));
    else if (sentence.find("cannot reach the root") == std::string::npos)
      CHECK_THAT(sentence, Catch::Contains(fmt::format("rank {}", victim)));
  }
  job.check_ends({victim});
}

TEST_CASE("A rank killed at any moment of the making is named to all others, there or by their first call") {
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  for (int round = 0; round < (sanitized ? 5 : 20); ++round) {
    const int ranks = std::vector{2, 4, 8}[size_t(round) % 3];
    kill_while_joining(ranks, int(random() % unsigned(ranks)), random);
  }
}

}  // namespace
}  // namespace bccl::test
