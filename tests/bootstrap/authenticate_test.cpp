#include "bootstrap/authenticate.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

using Catch::Contains;

Secret secret_of(uint8_t first) {
  Secret secret{};
  for (size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<uint8_t>(first + i);
  return secret;
}

Nonce nonce_of(uint8_t byte) {
  Nonce nonce;
  nonce.fill(byte);
  return nonce;
}

const Secret shared = secret_of(1);
const Introduction me{3, 8, 4711, "node7"};

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

/// A handshake as it should go, with every message kept.
struct Handshake {
  explicit Handshake(const Secret& of_rank = shared, const Secret& of_root = shared,
                     uint8_t rank_nonce = 0xaa, uint8_t root_nonce = 0xbb)
      : rank(of_rank, nonce_of(rank_nonce), me), root(of_root, nonce_of(root_nonce)) {
    hello = rank.hello();
    challenge = root.challenge(hello).value();
    proof = rank.prove(challenge).value();
  }
  RankHandshake rank;
  RootHandshake root;
  std::string hello, challenge, proof;
};

std::string changed(std::string message, size_t at) {
  message[at] = static_cast<char>(message[at] ^ 1);
  return message;
}

TEST_CASE("both sides that know the secret accept each other and agree on the keys") {
  Handshake h;
  const auto who = h.root.check(h.proof);
  REQUIRE(who.ok());
  CHECK(who.value() == me);
  const auto verdict = h.rank.conclude(h.root.verdict(Verdict::welcome));
  REQUIRE(verdict.ok());
  CHECK(verdict.value() == Verdict::welcome);
  CHECK(h.rank.keys() == h.root.keys());
  CHECK(h.rank.keys().to_caller != h.rank.keys().to_callee);
}

TEST_CASE("the messages are the same bytes as ever") {
  Handshake h;
  REQUIRE(h.root.check(h.proof).ok());
  const std::string nonce_a = hex(std::string(32, '\xaa')), nonce_b = hex(std::string(32, '\xbb'));
  CHECK(hex(h.hello) == "4243434c01000100" + nonce_a + "0300000008000000");
  CHECK(hex(h.challenge) == "4243434c01000200" + nonce_b);
  CHECK(
      hex(h.proof).starts_with("4243434c01000300"
                               "67120000"
                               "6e6f646537" +
                               std::string(2 * 59, '0')));
  CHECK(hex(refusal_message(Refusal::wrong_secret)) == "4243434c01000502");
  // The tags, written once with another implementation of BLAKE2b (see the labels in authenticate.cpp).
  CHECK(hex(h.proof.substr(proof_bytes - 32)) ==
        "034f967db989158151c5192c55ffcb80f9d9be295923031b4f96a52e25ff2af4");
  CHECK(hex(h.root.verdict(Verdict::welcome)) ==
        "4243434c01000401"
        "6d217edc465fcda42600d1c700d3d35922740c74cf3e093ae99179397b241251");
  const SessionKeys keys = h.root.keys();
  CHECK(hex({reinterpret_cast<const char*>(keys.to_callee.data()), 32}) ==
        "132fed79a03650ecd6eb53edc997473b69ee825cf1840706828257ff790b41fa");
  CHECK(hex({reinterpret_cast<const char*>(keys.to_caller.data()), 32}) ==
        "2ed654f6f0d9e758428a9ff36f8a6ad092d6133ccd35818f635d0f6d525763e6");
}

TEST_CASE("the root refuses a rank with another secret") {
  Handshake h{secret_of(2), shared};
  const auto who = h.root.check(h.proof);
  CHECK(who.code() == Code::invalid_usage);
  CHECK_THAT(who.sentence(), Contains("does not know the secret"));
}

TEST_CASE("a rank refuses a root with another secret") {
  Handshake h;
  Handshake other{secret_of(2), secret_of(2)};
  REQUIRE(other.root.check(other.proof).ok());
  CHECK_THAT(h.rank.conclude(other.root.verdict(Verdict::welcome)).sentence(),
             Contains("does not know the secret"));
}

TEST_CASE("a proof that was recorded is worth nothing against a fresh nonce of the root") {
  const Handshake recorded;
  RootHandshake later{shared, nonce_of(0xcc)};
  REQUIRE(later.challenge(recorded.hello).ok());
  CHECK_FALSE(later.check(recorded.proof).ok());
}

TEST_CASE("a verdict that was recorded is worth nothing against a fresh nonce of the rank") {
  Handshake recorded;
  REQUIRE(recorded.root.check(recorded.proof).ok());
  const std::string verdict = recorded.root.verdict(Verdict::welcome);
  RankHandshake later{shared, nonce_of(0xdd), me};
  later.hello();
  REQUIRE(later.prove(recorded.challenge).ok());
  CHECK_FALSE(later.conclude(verdict).ok());
}

TEST_CASE("a rank's own proof does not pass as the root's") {
  Handshake h;
  const std::string verdict = h.root.verdict(Verdict::welcome);
  std::string reflected = verdict.substr(0, prefix_bytes) + h.proof.substr(proof_bytes - 32);
  CHECK_FALSE(h.rank.conclude(reflected).ok());
}

TEST_CASE("a proof holds for no other rank and no other size") {
  const Handshake h;
  for (const size_t at : {prefix_bytes + 32, prefix_bytes + 36}) {
    RootHandshake root{shared, nonce_of(0xbb)};
    REQUIRE(root.challenge(changed(h.hello, at)).ok());
    CHECK_FALSE(root.check(h.proof).ok());
  }
}

TEST_CASE("a proof with any byte changed is refused") {
  const Handshake h;
  for (size_t at = 0; at < h.proof.size(); ++at) {
    CAPTURE(at);
    RootHandshake root{shared, nonce_of(0xbb)};
    REQUIRE(root.challenge(h.hello).ok());
    CHECK_FALSE(root.check(changed(h.proof, at)).ok());
  }
}

TEST_CASE("a verdict with any byte changed is refused") {
  Handshake first;
  REQUIRE(first.root.check(first.proof).ok());
  const std::string verdict = first.root.verdict(Verdict::unwelcome);
  for (size_t at = 0; at < verdict.size(); ++at) {
    CAPTURE(at);
    Handshake h;
    CHECK_FALSE(h.rank.conclude(changed(verdict, at)).ok());
  }
}

TEST_CASE("messages that are too short, too long, or of another kind are refused") {
  const Handshake h;
  RootHandshake root{shared, nonce_of(0xbb)};
  CHECK_FALSE(root.challenge(h.hello.substr(1)).ok());
  CHECK_FALSE(root.challenge(h.hello + "x").ok());
  CHECK_FALSE(root.challenge(h.challenge).ok());
  CHECK_FALSE(root.check(h.hello).ok());
  RankHandshake rank{shared, nonce_of(0xaa), me};
  CHECK_FALSE(rank.prove(h.hello).ok());
  CHECK_FALSE(rank.conclude(h.challenge).ok());
}

TEST_CASE("a hello with an impossible rank or size is refused") {
  for (const auto& [rank, size] : {std::pair{8, 8}, {0, 0}, {0, static_cast<int>(ranks_max) + 1}, {-1, 4}}) {
    RankHandshake liar{shared, nonce_of(0xaa), {rank, size, 1, "h"}};
    RootHandshake root{shared, nonce_of(0xbb)};
    CHECK_FALSE(root.challenge(liar.hello()).ok());
  }
  RankHandshake last{shared, nonce_of(0xaa), {static_cast<int>(ranks_max) - 1, ranks_max, 1, "h"}};
  RootHandshake root{shared, nonce_of(0xbb)};
  CHECK(root.challenge(last.hello()).ok());
}

TEST_CASE("a long host name is cut") {
  RankHandshake rank{shared, nonce_of(0xaa), {0, 1, 1, std::string(300, 'h')}};
  RootHandshake root{shared, nonce_of(0xbb)};
  const auto challenge = root.challenge(rank.hello());
  const auto who = root.check(rank.prove(challenge.value()).value());
  REQUIRE(who.ok());
  CHECK(who.value().host == std::string(host_bytes, 'h'));
}

TEST_CASE("the beginning of a message is told from garbage at its first byte") {
  CHECK(may_be_ours(""));
  CHECK(may_be_ours("BC"));
  CHECK(may_be_ours("BCCL and more"));
  CHECK_FALSE(may_be_ours("G"));
  CHECK_FALSE(may_be_ours("BCCX"));
  CHECK_FALSE(parse_prefix("BCCL\x01"));
}

}  // namespace
}  // namespace bccl::test
