/// What the conformance tests are written in: a group of endpoints of the transport under test, driven round
/// robin by the calling thread or by a thread for each rank. The tests themselves are in the *_test.cpp
/// files; each runs on every transport of transports_under_test() and on groups of several sizes.
///
/// "Now" means nothing at this boundary: a transport may need time, polls and repeated questions. So what
/// must come is waited for until a deadline (eventually), and what must not is denied for some rounds
/// (never).
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "sample.h"
#include "transports.h"

namespace bccl::test {

inline constexpr int deadline_ms = 20'000;  ///< A test that waits longer fails; nothing should come near.
inline constexpr int never_rounds = 64;     ///< Longer than any burst of the delayed decorator.

class Group {
 public:
  /// Within a test case: runs the rest of it once for each transport under test and each number of ranks.
  static Group each(std::initializer_list<int> sizes = {2, 3, 8});

  Group(const TransportUnderTest& transport, int ranks);
  ~Group();  ///< All ranks leave at the same time.
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int size() const { return static_cast<int>(endpoints_.size()); }
  const std::string& name() const { return name_; }   ///< Transport, ranks, seed: for messages.
  bool bare() const { return bare_; }                 ///< Not decorated.
  uint64_t seed() const { return Catch::rngSeed(); }  ///< Set by --rng-seed.
  Endpoint& operator[](int rank) { return *endpoints_[rank]; }
  Endpoint& any() { return *endpoints_.front(); }  ///< For the limits, which are the same on all ranks.

  Sender& sender(int from, const std::vector<int>& peers, int lane = 0);
  Receiver& receiver(int rank, int from, int lane = 0);
  std::vector<int> all_but(int rank) const;

  void poll();

  /// Asks until `done` answers true, or until the deadline.
  template <class Done>
  bool eventually(Done done) {
    const Deadline deadline = Deadline::after_ms(deadline_ms);
    for (int round = 1; !done(); ++round) {
      poll();
      if (round % never_rounds == 0 && deadline.passed()) return false;
    }
    return true;
  }

  /// True if `done` answers false all the time.
  template <class Done>
  bool never(Done done) {
    for (int round = 0; round < never_rounds; ++round) {
      if (done()) return false;
      poll();
    }
    return true;
  }

  std::byte* acquire(Sender& sender, size_t bytes);      ///< Eventually; nullptr after the deadline.
  std::byte* try_acquire(Sender& sender, size_t bytes);  ///< nullptr if there is no room in never_rounds.
  Arrival peek(Receiver& receiver);                      ///< Eventually; empty after the deadline.

  void send(Sender& sender, const Sample& slice);
  bool try_send(Sender& sender, const Sample& slice);  ///< false if there is no room in never_rounds.
  void receive(Receiver& receiver, const Sample& slice);

 private:
  std::string name_;
  bool bare_;
  Catch::ScopedMessage label_;  ///< Puts the name into every message of a failed assertion.
  Endpoints endpoints_;
};

/// One rank's thread: an endpoint, and waits that end with a sentence.
class RankThread {
 public:
  RankThread(Endpoint& endpoint, int rank, const std::atomic<bool>& failed)
      : endpoint_(endpoint), rank_(rank), failed_(failed) {}

  Endpoint& endpoint() { return endpoint_; }
  int rank() const { return rank_; }

  /// Asks until `done` answers true; an error after the deadline, or soon after another rank's error.
  template <class Done>
  Status wait_for(std::string_view what, Done done) {
    const Deadline deadline = Deadline::after_ms(deadline_ms);
    while (!done()) {
      BCCL_TRY(endpoint_.poll());
      if (failed_) return fail(Code::remote_error, "rank {}: gave up on {}", rank_, what);
      if (deadline.passed()) return fail(Code::timeout, "rank {}: waited in vain for {}", rank_, what);
      std::this_thread::yield();
    }
    return {};
  }

 private:
  Endpoint& endpoint_;
  int rank_;
  const std::atomic<bool>& failed_;
};

/// Runs `body` on a thread for each rank; the first error decided by any of them.
Status run_ranks(Group& group, const std::function<Status(RankThread&)>& body);

/// For REQUIRE: true, or the sentence in the message of the failure.
bool is_ok(const Status& status);

}  // namespace bccl::test
