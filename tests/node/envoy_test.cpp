/// What one host knows of another's ranks, carried over by hand.
#include "node/envoy.h"

#include <catch2/catch.hpp>

#include "node/doorbell.h"
#include "nodes.h"

using namespace bccl;
using namespace bccl::test;

namespace {

/// Two ranks on each of two hosts, all in this process.
class TwoHosts {
 public:
  TwoHosts() {
    const Shared<ExchangeMemory> memory;
    on_ranks(4, [&](int rank) {
      SharedExchange exchange(*memory, rank, 4);
      auto node = Node::join(exchange, small_arenas, patience(), {.identity = {.host = rank < 2 ? "a" : "b"}});
      if (node.ok()) nodes_[rank] = std::move(node).value();
    });
    for (const auto& node : nodes_) REQUIRE(node != nullptr);
    for (int host = 0; host < 2; ++host) envoys_[host] = nodes_[2 * host]->envoy();
  }

  Node& node(int rank) { return *nodes_[rank]; }
  void leave(int rank) { nodes_[rank].reset(); }
  Envoy& envoy(int host) { return *envoys_[host]; }
  void recall(int host) { envoys_[host].reset(); }

  /// What host b's leader reports of its ranks comes to host a.
  void carry() {
    for (const int rank : {2, 3}) envoys_[0]->mirror(rank, envoys_[1]->report(rank));
  }

 private:
  std::unique_ptr<Node> nodes_[4];
  std::unique_ptr<Envoy> envoys_[2];
};

CallRecord record_of(uint64_t sequence) { return {.sequence = sequence, .count = sequence * 10, .plan_hash = 7}; }

}  // namespace

TEST_CASE("before any news a rank elsewhere is present, has made no call and was never heard of") {
  TwoHosts hosts;
  CHECK(hosts.node(0).presence(2) == Presence::present);
  CHECK(hosts.node(0).last_call(2) == CallRecord{});
  CHECK(hosts.node(0).news_ns(2) == 0);
}

TEST_CASE("calls of a rank elsewhere are known as they were reported") {
  TwoHosts hosts;
  hosts.node(2).enter(record_of(1));
  CHECK(hosts.node(1).last_call(2).sequence == 0);
  const int64_t before = now_ns();
  hosts.carry();
  CHECK(hosts.node(1).last_call(2) == record_of(1));
  CHECK(hosts.node(1).in_call(2));
  CHECK_FALSE(hosts.node(1).in_call(3));
  CHECK(hosts.node(1).news_ns(2) >= before);
  hosts.node(2).leave_call(1);
  hosts.carry();
  CHECK(hosts.node(1).last_call(2) == record_of(1));
  CHECK_FALSE(hosts.node(1).in_call(2));
}

TEST_CASE("after many unreported calls the last few of a rank elsewhere are known") {
  TwoHosts hosts;
  for (uint64_t sequence = 1; sequence <= 20; ++sequence) {
    hosts.node(3).enter(record_of(sequence));
    hosts.node(3).leave_call(sequence);
    if (sequence % 7 == 0) hosts.carry();
  }
  hosts.node(3).enter(record_of(21));
  hosts.carry();
  for (uint64_t sequence = 22 - board_calls; sequence <= 21; ++sequence)
    CHECK(hosts.node(0).call(3, sequence) == record_of(sequence));
  CHECK(hosts.node(0).call(3, 21 - board_calls).sequence == 0);
  CHECK(hosts.node(0).in_call(3));
}

TEST_CASE("when a rank elsewhere was awake is told in this host's time") {
  TwoHosts hosts;
  hosts.carry();
  CHECK(hosts.node(0).awake_ns(2) == 0);
  const int64_t awake = now_ns() - 5'000'000'000;
  hosts.node(2).say_awake(awake);
  hosts.carry();
  CHECK(hosts.node(0).awake_ns(2) >= awake);
  CHECK(hosts.node(0).awake_ns(2) < awake + 4'000'000'000);
}

TEST_CASE("a rank elsewhere that has left has left here, and a dead one is dead") {
  TwoHosts hosts;
  hosts.leave(3);
  hosts.carry();
  CHECK(hosts.node(0).presence(3) == Presence::left);
  CHECK(hosts.node(0).presence(2) == Presence::present);
  BoardReport obituary;
  obituary.presence = static_cast<uint32_t>(Presence::dead);
  hosts.envoy(0).mirror(2, obituary);
  CHECK(hosts.node(1).presence(2) == Presence::dead);
}

TEST_CASE("a request for news is seen once, however many ranks make it") {
  TwoHosts hosts;
  CHECK_FALSE(hosts.envoy(0).take_news_request());
  hosts.node(0).want_news();
  hosts.node(1).want_news();
  CHECK(wait_for_ring(hosts.envoy(0).bell(), 0));
  CHECK(hosts.envoy(0).take_news_request());
  CHECK_FALSE(hosts.envoy(0).take_news_request());
  CHECK_FALSE(hosts.envoy(1).take_news_request());
}

TEST_CASE("an error posted on one host is posted when the leaders have settled on it, as they say") {
  TwoHosts hosts;
  std::thread leader([&] {
    expect(wait_for_ring(hosts.envoy(0).bell(), patience_ms), "nobody rang");
    const auto proposal = hosts.envoy(0).proposal();
    expect(proposal && proposal->sentence == "mine" && proposal->from_rank == 1, "nothing is proposed");
    for (int host = 0; host < 2; ++host)
      hosts.envoy(host).post({.code = Code::timeout, .from_rank = 3, .sentence = "agreed"});
  });
  hosts.node(1).post_abort(Code::remote_error, 1, "mine");
  leader.join();
  for (int rank = 0; rank < 4; ++rank) {
    CHECK(hosts.node(rank).abort_word() != 0);
    CHECK(hosts.node(rank).posted().sentence == "agreed");
    CHECK(hosts.node(rank).posted().code == Code::timeout);
    CHECK(hosts.node(rank).posted_from() == 3);
  }
}

TEST_CASE("an error that nobody settles counts on its own host after a while") {
  TwoHosts hosts;
  hosts.node(1).post_abort(Code::remote_error, 1, "mine");  // its leader's control lives, and does nothing
  CHECK(hosts.node(0).posted().sentence == "mine");
  CHECK(hosts.envoy(0).proposal()->sentence == "mine");
  hosts.envoy(0).post({.code = Code::timeout, .from_rank = 3, .sentence = "too late"});
  CHECK(hosts.node(0).posted().sentence == "mine");
  CHECK(hosts.node(2).abort_word() == 0);
}

TEST_CASE("without a control an error counts on its own host at once") {
  TwoHosts hosts;
  hosts.recall(0);
  const int64_t start = now_ns();
  hosts.node(0).post_abort(Code::remote_error, 0, "mine");
  CHECK(hosts.node(1).posted().sentence == "mine");
  CHECK(now_ns() - start < int64_t{settling_ms_max} * 1'000'000);
}

TEST_CASE("a leader's control knows when its process has left and when all have") {
  TwoHosts hosts;
  CHECK(hosts.envoy(1).leader_present());
  hosts.leave(3);
  CHECK(hosts.envoy(1).anyone_present());
  hosts.leave(2);
  CHECK_FALSE(hosts.envoy(1).leader_present());
  CHECK_FALSE(hosts.envoy(1).anyone_present());
}
