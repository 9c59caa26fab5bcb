/// Connections of those who are no ranks. Whatever they do, a job neither fails nor waits for them.
#include <deque>
#include <random>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "bootstrap/root.h"
#include "plain_socket.h"
#include "ranks.h"
#include "raw_rank.h"

namespace bccl::test {
namespace {

constexpr int64_t undisturbed_ns = 4'000'000'000;  // less than the deadline of one stranger's handshake
static_assert(undisturbed_ns < handshake_ms_max * 1'000'000);

/// A job of four ranks while these strangers are connected; empty if it went well and was not held up.
std::string job_among_strangers(const UniqueId& id) {
  const int64_t begin = now_ns();
  for (const std::string& found :
       as_ranks(id, 4, [](Exchange& exchange) { return gather_rounds(exchange, 3); }))
    if (!found.empty()) return found;
  return now_ns() - begin < undisturbed_ns ? "" : "it was held up";
}

TEST_CASE("hundreds of half-open connections neither fail nor delay a job") {
  const UniqueId id = open_loopback_root();
  std::deque<PlainSocket> strangers;
  for (int i = 0; i < 2 * strangers_max; ++i) strangers.emplace_back(id.addresses.front());
  CHECK(job_among_strangers(id) == "");
}

TEST_CASE("connections that begin a hello and never end it neither fail nor delay a job") {
  const UniqueId id = open_loopback_root();
  RawRank genuine{id, 0, 4};
  genuine.say_hello();
  std::deque<PlainSocket> strangers;
  for (size_t i = 0; i < 100; ++i) {
    strangers.emplace_back(id.addresses.front());
    strangers.back().send(std::string_view{genuine.hello()}.substr(0, i % (hello_bytes - 1)));
  }
  CHECK(job_among_strangers(id) == "");
}

TEST_CASE("connections that say hello and never prove anything neither fail nor delay a job") {
  const UniqueId id = open_loopback_root();
  std::deque<RawRank> strangers;
  for (int i = 0; i < 100; ++i) {
    strangers.emplace_back(id, i % 4, 4);
    strangers.back().say_hello();
  }
  CHECK(job_among_strangers(id) == "");
}

TEST_CASE("a port scan neither fails nor delays a job") {
  const UniqueId id = open_loopback_root();
  for (int i = 0; i < 300; ++i) PlainSocket{id.addresses.front()}.close();
  CHECK(job_among_strangers(id) == "");
}

TEST_CASE("garbage of any kind is hung up on, and neither fails nor delays a job") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  const UniqueId id = open_loopback_root();
  std::deque<PlainSocket> strangers;
  for (int i = 0; i < 200; ++i) {
    std::string garbage(1 + random() % 5000, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    if (i % 3 == 0) garbage = std::string("BCCL\x01\x00\x01\x00", 8) + garbage;
    if (i % 3 == 1) garbage = "GET / HTTP/1.1\r\n\r\n" + garbage;
    strangers.emplace_back(id.addresses.front());
    strangers.back().send(garbage);
  }
  CHECK(job_among_strangers(id) == "");
}

TEST_CASE("who speaks another protocol is hung up on at once") {
  const UniqueId id = open_loopback_root();
  PlainSocket stranger{id.addresses.front()};
  stranger.send("GET / HTTP/1.1\r\n\r\n");
  const int64_t begin = now_ns();
  CHECK(stranger.hung_up());
  CHECK(now_ns() - begin < undisturbed_ns);
}

TEST_CASE("of too many strangers the oldest goes, and the newest stays") {
  const UniqueId id = open_loopback_root();
  std::deque<PlainSocket> strangers;
  for (int i = 0; i < strangers_max; ++i) strangers.emplace_back(id.addresses.front());
  RawRank last{id, 0, 1};
  const int64_t begin = now_ns();
  CHECK(strangers.front().hung_up());
  CHECK(now_ns() - begin < undisturbed_ns);
  last.enter();
}

TEST_CASE("as many strangers as there may be all stay") {
  const UniqueId id = open_loopback_root();
  RawRank first{id, 0, 1};
  std::deque<PlainSocket> strangers;
  for (int i = 1; i < strangers_max; ++i) strangers.emplace_back(id.addresses.front());
  first.enter();
}

TEST_CASE("a stranger who stays silent is hung up on when its time is over") {
  const UniqueId id = open_loopback_root();
  PlainSocket stranger{id.addresses.front()};
  const int64_t begin = now_ns();
  CHECK(stranger.hung_up());
  CHECK(now_ns() - begin > (handshake_ms_max - 500) * 1'000'000);
}

TEST_CASE("strangers that keep coming do not keep ranks out") {
  const UniqueId id = open_loopback_root();
  const auto found = as_ranks(id, 4, [&](Exchange& exchange) {
    std::deque<PlainSocket> strangers;
    for (int i = 0; i < 150; ++i) strangers.emplace_back(id.addresses.front());
    return gather_rounds(exchange, 3);
  });
  CHECK(found == all_fine(4));
}

}  // namespace
}  // namespace bccl::test
