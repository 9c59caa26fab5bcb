/// Ranks that are missing, silent, or gone; threads and recordings here, real processes in
/// processes_test.cpp.
#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "plain_socket.h"
#include "ranks.h"
#include "raw_rank.h"

namespace bccl::test {
namespace {

using Catch::Contains;

Deadline patience() { return Deadline::after_ms(patience_ms); }
constexpr int64_t at_once_ns = 5'000'000'000;  // generous for a loaded machine, far from patience_ms

TEST_CASE("a rank that never connects is named to all others when the time is over") {
  const UniqueId id = open_loopback_root();
  const std::string expected =
      "rank 3 of 8 has not connected to " + to_string(id.addresses.front()) + " after 300 ms";
  std::vector<std::string> found(8);
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < 8; ++rank)
    if (rank != 3)
      ranks.emplace_back([&, rank] {
        auto exchange = join(id, rank, 8, patience());
        found[static_cast<size_t>(rank)] =
            exchange.ok() ? (*exchange)->all_gather("", Deadline::after_ms(300)).sentence()
                          : exchange.sentence();
      });
  for (std::thread& each : ranks) each.join();
  for (size_t rank = 0; rank < 8; ++rank)
    if (rank != 3) CHECK_THAT(found[rank], Contains("rank " + std::to_string(rank) + ": " + expected));
}

TEST_CASE("a rank that joined and is silent is named with its process when the time is over") {
  const UniqueId id = open_loopback_root();
  RawRank silent{id, 1, 2};
  silent.enter();
  auto exchange = join(id, 0, 2, patience());
  REQUIRE(exchange.ok());
  const auto blobs = (*exchange)->all_gather("", Deadline::after_ms(50));
  CHECK(blobs.code() == Code::timeout);
  CHECK_THAT(blobs.sentence(), Contains("rank 1 (host elsewhere, pid 4711) has not reached all_gather 1") &&
                                   Contains("after 50 ms"));
}

/// An error once the flag is set.
Interrupt once(const std::atomic<bool>& unwanted) {
  return [&] { return unwanted ? Status{fail(Code::invalid_usage, "nobody wants it any more")} : Status{}; };
}

TEST_CASE("a rank that is interrupted stops waiting, and the others are told why, at once") {
  const UniqueId id = open_loopback_root();
  std::atomic<bool> unwanted{false};
  auto waiting = join(id, 0, 3, patience());  // the third never comes
  auto interrupted = join(id, 1, 3, {patience(), once(unwanted)});
  REQUIRE(waiting.ok());
  REQUIRE(interrupted.ok());
  std::string found[2];
  const int64_t begin = now_ns();
  std::thread waiter([&] { found[0] = (*waiting)->all_gather("", patience()).sentence(); });
  unwanted = true;
  found[1] = (*interrupted)->all_gather("", patience()).sentence();
  interrupted->reset();  // leaves
  waiter.join();
  CHECK(now_ns() - begin < at_once_ns);
  CHECK_THAT(found[1], Contains("rank 1: nobody wants it any more"));
  CHECK_THAT(found[0], Contains("rank 1 (") && Contains("gave up") && Contains("nobody wants it any more"));
}

TEST_CASE("a rank that is interrupted looks for the root no longer") {
  UniqueId id = open_loopback_root();
  const PlainListener silent;
  id.addresses = {silent.address()};
  std::atomic<bool> unwanted{false};
  const int64_t begin = now_ns();
  std::thread changer([&] { unwanted = true; });
  const auto exchange = join(id, 0, 2, {patience(), once(unwanted)});
  changer.join();
  CHECK(now_ns() - begin < at_once_ns);
  CHECK(exchange.code() == Code::invalid_usage);
  CHECK_THAT(exchange.sentence(), Contains("rank 0 of 2") && Contains("nobody wants it any more"));
}

TEST_CASE("the shortest patience among the ranks decides") {
  CHECK(as_ranks(open_loopback_root(), 3,
                 [](Exchange& exchange) -> std::string {
                   if (exchange.rank() == 2) return gather_rounds(exchange, 1, 10, 20);
                   const int64_t begin = now_ns();
                   const std::string found = gather_rounds(exchange, exchange.rank() == 0 ? 1 : 2, 10);
                   return now_ns() - begin < at_once_ns ? found : "late";
                 })[0]
            .empty());
}

TEST_CASE("a rank that dies is named to those that wait for it at once") {
  const UniqueId id = open_loopback_root();
  RawRank victim{id, 1, 2};
  victim.enter();
  auto exchange = join(id, 0, 2, patience());
  REQUIRE(exchange.ok());
  std::thread death([&] { victim.socket().close(); });
  const int64_t begin = now_ns();
  const auto blobs = (*exchange)->all_gather("", patience());
  death.join();
  CHECK(blobs.code() == Code::remote_error);
  CHECK_THAT(blobs.sentence(), Contains("rank 1 (host elsewhere, pid 4711) died during bootstrap"));
  CHECK(now_ns() - begin < at_once_ns);
}

TEST_CASE("a rank that died between rounds fails the next round, and every one after it") {
  const UniqueId id = open_loopback_root();
  RawRank victim{id, 1, 2};
  victim.enter();
  auto exchange = join(id, 0, 2, patience());
  REQUIRE(exchange.ok());
  victim.send(FrameKind::contribution, pack(Contribution{10'000, 10'000, "one"}));
  CHECK((*exchange)->all_gather("zero", patience()).ok());
  victim.socket().close();
  for (int i = 0; i < 2; ++i)
    CHECK_THAT((*exchange)->all_gather("", patience()).sentence(), Contains("rank 1 (") && Contains("died"));
}

TEST_CASE("a rank that comes after a death is told of it") {
  const UniqueId id = open_loopback_root();
  {
    RawRank victim{id, 1, 3};
    victim.enter();
  }
  auto waiting = join(id, 0, 3, patience());
  if (waiting.ok()) CHECK_FALSE((*waiting)->all_gather("", patience()).ok());
  const int64_t begin = now_ns();
  auto late = join(id, 2, 3, patience());
  CHECK(late.code() == Code::remote_error);
  CHECK_THAT(late.sentence(), Contains("rank 1 (host elsewhere, pid 4711) died during bootstrap"));
  CHECK(now_ns() - begin < at_once_ns);
}

TEST_CASE("a rank that leaves on purpose fails only those that go on") {
  const UniqueId id = open_loopback_root();
  const auto found = as_ranks(
      id, 2, [](Exchange& exchange) { return gather_rounds(exchange, exchange.rank() == 0 ? 2 : 1); });
  CHECK_THAT(found[0], Contains("rank 1 (") && Contains("left before all_gather 2"));
  CHECK(found[1].empty());
}

TEST_CASE("a root that dies is named at once") {
  PlainListener listener;
  const UniqueId id{{listener.address()}, {}};
  std::thread root([&] {
    PlainSocket rank = listener.accept();
    RootHandshake handshake{id.secret, {}};
    const auto challenge = handshake.challenge(rank.receive(hello_bytes));
    rank.send(challenge.ok() ? challenge.value() : "");
    static_cast<void>(handshake.check(rank.receive(proof_bytes)).ok());
    rank.send(handshake.verdict(Verdict::welcome));
    rank.receive(frame_header_bytes);
  });
  auto exchange = join(id, 0, 2, patience());
  const int64_t begin = now_ns();
  REQUIRE(exchange.ok());
  const auto blobs = (*exchange)->all_gather("", patience());
  root.join();
  CHECK(blobs.code() == Code::remote_error);
  CHECK_THAT(blobs.sentence(), Contains("the root at " + to_string(listener.address()) + " ended"));
  CHECK(now_ns() - begin < at_once_ns);
}

TEST_CASE("a root that hangs is named when the time is over") {
  PlainListener listener;
  const UniqueId id{{listener.address()}, {}};
  auto exchange = join(id, 0, 2, Deadline::after_ms(50));
  CHECK(exchange.code() == Code::timeout);
  CHECK_THAT(exchange.sentence(), Contains(to_string(listener.address()) + ": no answer"));
}

}  // namespace
}  // namespace bccl::test
