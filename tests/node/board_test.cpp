#include "node/board.h"

#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include <catch2/catch.hpp>

using namespace bccl;

namespace {

/// A board as in new shared memory.
struct ZeroBoard {
  ZeroBoard() { std::memset(static_cast<void*>(&board), 0, sizeof board); }
  Board board;
};

CallRecord record_of(uint64_t sequence) {
  const auto low = static_cast<uint32_t>(sequence);
  return CallRecord{sequence, sequence * 3, sequence * 5, low * 7, low * 11, low * 13, low * 17};
}

}  // namespace

TEST_CASE("a new board remembers no call") {
  const ZeroBoard zero;
  CHECK(zero.board.last_call() == CallRecord{});
  CHECK(zero.board.call(1) == CallRecord{});
  CHECK_FALSE(zero.board.in_call());
}

TEST_CASE("a board shows the call that was entered until it is left") {
  ZeroBoard zero;
  zero.board.enter(record_of(1));
  CHECK(zero.board.last_call() == record_of(1));
  CHECK(zero.board.in_call());
  zero.board.leave_call(1);
  CHECK(zero.board.last_call() == record_of(1));
  CHECK_FALSE(zero.board.in_call());
}

TEST_CASE("a board remembers board_calls calls and forgets those before") {
  ZeroBoard zero;
  constexpr uint64_t newest = 10;
  for (uint64_t sequence = 1; sequence <= newest; ++sequence) zero.board.enter(record_of(sequence));
  for (uint64_t sequence = 1; sequence <= newest; ++sequence) {
    const bool remembered = sequence + board_calls > newest;
    CHECK(zero.board.call(sequence) == (remembered ? record_of(sequence) : CallRecord{}));
  }
  CHECK(zero.board.call(newest + 1) == CallRecord{});
}

TEST_CASE("a board shows the times of its last trials by the calls that they ended with") {
  ZeroBoard zero;
  CHECK_FALSE(zero.board.trial(0));
  CHECK_FALSE(zero.board.trial(7));
  zero.board.tell_trial(7, {.cached_ns = 1, .streaming_ns = 2});
  zero.board.tell_trial(8, {.cached_ns = 3, .streaming_ns = 4});
  CHECK(zero.board.trial(7) == StoreTimes{.cached_ns = 1, .streaming_ns = 2});
  CHECK(zero.board.trial(8) == StoreTimes{.cached_ns = 3, .streaming_ns = 4});
  zero.board.tell_trial(7 + board_trials, {.cached_ns = 5, .streaming_ns = 6});
  CHECK_FALSE(zero.board.trial(7));
}

TEST_CASE("a kind that a board knows is there as long as the calls entered by it are remembered") {
  ZeroBoard zero;
  CHECK_FALSE(zero.board.knows(no_kind));
  const uint64_t kind = zero.board.describe(record_of(1));
  for (uint64_t other = 2; other < 1 + lasting_kinds; ++other) zero.board.describe(record_of(other));
  REQUIRE(zero.board.knows(kind));
  zero.board.enter(100, kind);
  for (uint64_t sequence = 101; sequence < 100 + board_calls; ++sequence) zero.board.enter(record_of(sequence));
  CallRecord expected = record_of(1);
  expected.sequence = 100;
  CHECK(zero.board.call(100) == expected);
  CHECK_FALSE(zero.board.knows(kind));
}

TEST_CASE("a call is forgotten when others are far ahead, though none took its place") {
  ZeroBoard zero;
  zero.board.enter(record_of(1));
  for (uint64_t sequence = 4; sequence <= 40; sequence += board_calls) zero.board.enter(record_of(sequence));
  CHECK(zero.board.call(1) == CallRecord{});
}

TEST_CASE("records read while they are replaced are whole or nothing") {
  ZeroBoard zero;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (uint64_t sequence = 1; sequence <= 200'000; ++sequence) zero.board.enter(record_of(sequence));
    done = true;
  });
  uint64_t seen = 0;
  bool whole = true;
  bool forward = true;
  while (!done) {
    const CallRecord last = zero.board.last_call();
    whole = whole && last == record_of(last.sequence);
    forward = forward && last.sequence >= seen;
    seen = last.sequence;
    const CallRecord before = zero.board.call(seen > 2 ? seen - 2 : 1);
    whole = whole && (before == CallRecord{} || before == record_of(before.sequence));
  }
  writer.join();
  CHECK(whole);
  CHECK(forward);
  CHECK(zero.board.last_call() == record_of(200'000));
}
