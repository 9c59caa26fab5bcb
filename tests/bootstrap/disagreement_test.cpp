/// Ranks that do not belong together, and how each hears of it.
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "net/keyed_hash.h"
#include "plain_socket.h"
#include "ranks.h"
#include "raw_rank.h"

namespace bccl::test {
namespace {

using Catch::Contains;

Deadline patience() { return Deadline::after_ms(patience_ms); }

TEST_CASE("a rank with another secret is told so at once") {
  UniqueId id = open_loopback_root();
  id.secret[0] ^= 1;
  const int64_t begin = now_ns();
  auto exchange = join(id, 1, 2, patience());
  REQUIRE_FALSE(exchange.ok());
  CHECK(exchange.code() == Code::invalid_usage);
  CHECK_THAT(exchange.sentence(), Contains("rank 1 of 2") && Contains(to_string(id.addresses.front())) &&
                                      Contains("another secret"));
  CHECK(now_ns() - begin < 5'000'000'000);
}

TEST_CASE("a rank with another secret does the job no harm") {
  const UniqueId id = open_loopback_root();
  UniqueId wrong = id;
  wrong.secret[31] ^= 1;
  CHECK_FALSE(join(wrong, 0, 2, patience()).ok());
  CHECK(as_ranks(id, 2, [](Exchange& exchange) { return gather_rounds(exchange, 2); }) == all_fine(2));
}

TEST_CASE("a rank with another secret that comes after all ranks waits for a root of its own") {
  const UniqueId id = open_loopback_root();
  auto only = join(id, 0, 1, patience());
  REQUIRE(only.ok());
  UniqueId wrong = id;
  wrong.secret[31] ^= 1;
  const auto exchange = join(wrong, 0, 1, Deadline::after_ms(50));
  CHECK(exchange.code() == Code::timeout);
  CHECK_THAT(exchange.sentence(), Contains("is not the root of this job"));
  CHECK(gather_rounds(**only, 1) == "");
}

TEST_CASE("a root that does not know the secret is refused by the rank") {
  PlainListener listener;
  std::thread impostor([&] {
    PlainSocket rank = listener.accept();
    RootHandshake handshake{random_tag(), random_tag()};
    const auto challenge = handshake.challenge(rank.receive(hello_bytes));
    rank.send(challenge.ok() ? challenge.value() : "");
    rank.receive(proof_bytes);
    rank.send(handshake.verdict(Verdict::welcome));
    rank.hung_up();
  });
  auto exchange = join({{listener.address()}, random_tag()}, 0, 1, patience());
  impostor.join();
  CHECK(exchange.code() == Code::invalid_usage);
  CHECK_THAT(exchange.sentence(), Contains("does not know the secret"));
}

TEST_CASE("a root of another protocol version is named with both versions") {
  PlainListener listener;
  std::thread newer([&] {
    PlainSocket rank = listener.accept();
    rank.receive(hello_bytes);
    rank.send(std::string("BCCL\x09\x00\x05\x01", 8));
    rank.hung_up();
  });
  auto exchange = join({{listener.address()}, {}}, 0, 1, patience());
  newer.join();
  CHECK(exchange.code() == Code::invalid_usage);
  CHECK_THAT(exchange.sentence(), Contains("version 9") && Contains("version 1") && Contains("same bccl"));
}

TEST_CASE("a rank of another protocol version is told the root's") {
  const UniqueId id = open_loopback_root();
  PlainSocket rank{id.addresses.front()};
  rank.send(std::string("BCCL\x09\x00\x01\x00", 8) + "a hello of version 9, which may be longer than ours");
  const auto refusal = parse_prefix(rank.receive(prefix_bytes));
  REQUIRE(refusal);
  CHECK(refusal->version == protocol_version);
  CHECK(refusal->kind == MessageKind::refusal);
  CHECK(static_cast<Refusal>(refusal->detail) == Refusal::other_version);
}

TEST_CASE("what speaks another protocol is said to be no root") {
  PlainListener listener;
  std::thread web_server([&] {
    PlainSocket rank = listener.accept();
    rank.receive(4);
    rank.send("HTTP/1.0 400 Bad Request\r\n\r\n");
  });
  auto exchange = join({{listener.address()}, {}}, 0, 1, patience());
  web_server.join();
  CHECK_THAT(exchange.sentence(), Contains("is not a root of bccl"));
}

TEST_CASE("two processes that claim one rank are both told, and so is everyone else") {
  const UniqueId id = open_loopback_root();
  auto first = join(id, 0, 3, patience());
  auto bystander = join(id, 1, 3, patience());
  REQUIRE(first.ok());
  REQUIRE(bystander.ok());
  auto second = join(id, 0, 3, patience());
  const auto named = Contains("two processes claim to be rank 0 of 3");
  CHECK(second.code() == Code::invalid_usage);
  CHECK_THAT(second.sentence(), named);
  CHECK_THAT((*first)->all_gather("", patience()).sentence(), named);
  CHECK_THAT((*bystander)->all_gather("", patience()).sentence(), named);
}

TEST_CASE("one process too many is told, and the communicator goes on") {
  CHECK(as_ranks(open_loopback_root(), 1, [](Exchange& exchange) { return gather_rounds(exchange, 1); }) ==
        all_fine(1));
  const UniqueId id = open_loopback_root();
  CHECK(as_ranks(id, 2, [&](Exchange& exchange) -> std::string {
          if (const std::string found = gather_rounds(exchange, 1); !found.empty()) return found;
          if (exchange.rank() == 0) {
            auto extra = join(id, 1, 2, patience());
            if (extra.sentence().find("two processes claim to be rank 1 of 2") == std::string::npos)
              return "it was told: " + extra.sentence();
          }
          return gather_rounds(exchange, 1);
        }) == all_fine(2));
}

TEST_CASE("ranks that were given different sizes are all told both") {
  const UniqueId id = open_loopback_root();
  auto first = join(id, 0, 8, patience());
  REQUIRE(first.ok());
  auto second = join(id, 2, 4, patience());
  const auto all_gathered = (*first)->all_gather("", patience());
  for (const std::string& sentence : {second.sentence(), all_gathered.sentence()})
    CHECK_THAT(sentence,
               Contains("rank 2 (") && Contains("4 ranks") && Contains("rank 0 (") && Contains("told 8"));
}

TEST_CASE("a handshake that was recorded lets nobody in") {
  const UniqueId id = open_loopback_root();
  RawRank genuine{id, 0, 2};
  genuine.enter();

  PlainSocket thief{id.addresses.front()};
  thief.send(genuine.hello());
  const std::string challenge = thief.receive(challenge_bytes);
  CHECK(challenge.size() == challenge_bytes);
  CHECK(challenge != genuine.challenge());
  thief.send(genuine.proof());
  const auto answer = parse_prefix(thief.receive(prefix_bytes));
  REQUIRE(answer);
  CHECK(answer->kind == MessageKind::refusal);
  CHECK(thief.hung_up());

  // Nor does it count as a second rank 0.
  auto other = join(id, 1, 2, patience());
  REQUIRE(other.ok());
  genuine.send(FrameKind::contribution, pack(Contribution{10'000, 10'000, "zero"}));
  CHECK((*other)->all_gather("one", patience()).value() == std::vector<std::string>{"zero", "one"});
}

TEST_CASE("a frame that was altered fails the job and names its sender") {
  const UniqueId id = open_loopback_root();
  RawRank liar{id, 0, 2};
  liar.enter();
  auto other = join(id, 1, 2, patience());
  REQUIRE(other.ok());
  liar.socket().send(std::string(200, '\x01'));
  CHECK_THAT((*other)->all_gather("", patience()).sentence(), Contains("rank 0 (host elsewhere, pid 4711)"));
}

TEST_CASE("two blobs of one rank in a round fail the job and name it") {
  const UniqueId id = open_loopback_root();
  RawRank hasty{id, 0, 2};
  hasty.enter();
  auto other = join(id, 1, 2, patience());
  REQUIRE(other.ok());
  for (int i = 0; i < 2; ++i) hasty.send(FrameKind::contribution, pack(Contribution{10'000, 10'000, "zero"}));
  hasty.receive();  // the failure: now it is certain
  CHECK_THAT((*other)->all_gather("", patience()).sentence(),
             Contains("rank 0 (host elsewhere, pid 4711) gave two"));
}

}  // namespace
}  // namespace bccl::test
