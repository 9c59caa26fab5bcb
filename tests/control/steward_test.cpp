/// Stewards of several hosts, driven by hand: what they tell each other, and on which error they settle.
#include <catch2/catch.hpp>

#include <sys/socket.h>

#include "hosts.h"

using namespace bccl;
using namespace bccl::test;

namespace {

CallRecord record_of(uint64_t sequence) { return {.sequence = sequence, .count = sequence * 10}; }

/// Posts as that rank, while the stewards of all but the stopped hosts work; returns when it is posted there.
void post(Hosts& hosts, int rank, const std::string& sentence, const std::vector<int>& stopped = {}) {
  std::atomic<bool> done = false;
  std::thread poster([&] {
    hosts.node(rank).post_abort(Code::remote_error, rank, sentence);
    done = true;
  });
  while (!done) hosts.tend(stopped);
  poster.join();
  hosts.tend(stopped);
}

std::string sentence_at(Hosts& hosts, int rank) {
  return hosts.node(rank).abort_word() == 0 ? "" : hosts.node(rank).posted().sentence;
}

}  // namespace

TEST_CASE("who wants news gets the boards of all other hosts, and nobody else does") {
  Hosts hosts("aabbc");
  hosts.node(3).enter(record_of(1));
  hosts.node(4).enter(record_of(2));
  hosts.tend();
  CHECK(hosts.node(0).last_call(3).sequence == 0);
  hosts.node(1).want_news();
  hosts.tend();
  CHECK(hosts.node(0).last_call(3) == record_of(1));
  CHECK(hosts.node(1).last_call(4) == record_of(2));
  CHECK(hosts.node(0).in_call(3));
  CHECK_FALSE(hosts.node(0).in_call(2));
  CHECK(hosts.node(2).last_call(4).sequence == 0);
}

TEST_CASE("an error of one rank is told to all ranks of all hosts, in its words") {
  const int poster = GENERATE(0, 1, 3, 4);
  CAPTURE(poster);
  Hosts hosts("aabbc");
  post(hosts, poster, "the cause");
  for (int rank = 0; rank < 5; ++rank) {
    CHECK(sentence_at(hosts, rank) == "the cause");
    CHECK(hosts.node(rank).posted_from() == poster);
  }
}

TEST_CASE("of errors that ranks of all hosts post at once, all ranks are told the same one") {
  for (int round = 0; round < 20; ++round) {
    Hosts hosts("abcab");
    std::atomic<int> done = 0;
    std::vector<std::thread> posters;
    for (int rank = 0; rank < 5; ++rank)
      posters.emplace_back([&, rank] {
        hosts.node(rank).post_abort(Code::remote_error, rank, fmt::format("by rank {}", rank));
        ++done;
      });
    while (done < 5) hosts.tend();
    for (std::thread& poster : posters) poster.join();
    for (int rank = 0; rank < 5; ++rank) REQUIRE(sentence_at(hosts, rank) == sentence_at(hosts, 0));
  }
}

TEST_CASE("with the deciding host's leader stopped, all others settle on the error that could not wait") {
  Hosts hosts("abc");
  post(hosts, 1, "could not wait", {0});
  CHECK(sentence_at(hosts, 1) == "could not wait");
  CHECK(sentence_at(hosts, 2) == "could not wait");
  CHECK(sentence_at(hosts, 0) == "");
  hosts.tend();  // it goes on
  CHECK(sentence_at(hosts, 0) == "could not wait");
}

TEST_CASE("when the deciding host is gone the next one decides") {
  Hosts hosts("abcd");
  hosts.kill(0);
  hosts.tend();
  post(hosts, 3, "after that");
  for (const int rank : {1, 2, 3}) CHECK(sentence_at(hosts, rank) == "after that");
}

TEST_CASE("an error waits for the next deciding host when the first one goes before it has decided") {
  Hosts hosts("abc");
  std::atomic<bool> done = false;
  std::thread poster([&] {
    hosts.node(2).post_abort(Code::remote_error, 2, "in between");
    done = true;
  });
  const int ear = std::next(hosts.steward(0)->links().begin())->messages_socket();  // of host a towards host c
  REQUIRE(holds_within_ms(patience_ms, [&] {
    hosts.steward(2)->tend(now_ns());
    char byte = 0;
    return recv(ear, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
  }));
  hosts.kill(0);
  while (!done) hosts.tend();
  poster.join();
  hosts.tend();
  CHECK(sentence_at(hosts, 1) == "in between");
  CHECK(sentence_at(hosts, 2) == "in between");
}

TEST_CASE("a leader that is gone without a farewell is dead with its process, and nothing is posted for it") {
  Hosts hosts("aab");
  hosts.kill(1);
  hosts.tend();
  for (const int rank : {0, 1}) CHECK(hosts.node(rank).presence(2) == Presence::dead);
  CHECK(sentence_at(hosts, 0) == "");
}

TEST_CASE("a rank that leaves is not mistaken for dead, although its leader goes with it") {
  Hosts hosts("ab");
  hosts.leave(1);
  hosts.tend({0});
  CHECK(hosts.steward(1)->over());
  hosts.kill(1);
  hosts.tend();
  CHECK(hosts.node(0).presence(1) == Presence::left);
  CHECK(hosts.steward(0)->over());  // nobody is left to talk to
}

TEST_CASE("a steward goes on for the ranks of its host when the leader's own has left, and ends with the last") {
  // Ranks in one process are all of the leader's process: only when all of them have left is that a farewell.
  Hosts hosts("abb");
  hosts.leave(1);
  hosts.tend();
  hosts.node(0).want_news();
  hosts.tend();
  CHECK(hosts.node(0).presence(1) == Presence::left);
  CHECK(hosts.node(0).presence(2) == Presence::present);
  CHECK_FALSE(hosts.steward(1)->over());
  hosts.leave(2);
  hosts.tend();
  CHECK(hosts.steward(1)->over());
  CHECK(hosts.node(0).presence(2) == Presence::left);
}

TEST_CASE("a steward that hears nonsense takes its sender for lost") {
  Hosts hosts("ab");
  control::Link& link = hosts.steward(1)->links().front();
  const std::string nonsense(100, '\xff');
  REQUIRE(::write(link.messages_socket(), nonsense.data(), nonsense.size()) == 100);
  hosts.tend({1});
  CHECK(hosts.node(0).presence(1) == Presence::lost);
}
