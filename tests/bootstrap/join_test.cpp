/// What works: ranks find the root, each other, and the best address.
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "bootstrap/authenticate.h"
#include "net/keyed_hash.h"
#include "bootstrap/roster.h"
#include "bootstrap/wire.h"
#include "plain_socket.h"
#include "ranks.h"

namespace bccl::test {
namespace {

using Catch::Contains;

TEST_CASE("ranks join and gather each other's blobs, round after round") {
  const int size = GENERATE(1, 2, 8);
  CHECK(as_ranks(open_loopback_root(), size,
                 [](Exchange& exchange) { return gather_rounds(exchange, 50); }) == all_fine(size));
}

TEST_CASE("blobs may be empty") {
  CHECK(as_ranks(open_loopback_root(), 3, [](Exchange& exchange) { return gather_rounds(exchange, 3, 0); }) ==
        all_fine(3));
}

TEST_CASE("blobs may be as large as the limit") {
  const auto body = [](Exchange& exchange) { return gather_rounds(exchange, 2, blob_bytes_max); };
  CHECK(as_ranks(open_loopback_root(), 3, body) == all_fine(3));
}

TEST_CASE("blobs may differ in size") {
  CHECK(as_ranks(open_loopback_root(), 3, [](Exchange& exchange) -> std::string {
          const auto size_of = [](int rank) {
            return rank == 1 ? blob_bytes_max : static_cast<size_t>(rank) * 100;
          };
          const auto blobs = exchange.all_gather(std::string(size_of(exchange.rank()), 'x'),
                                                 Deadline::after_ms(patience_ms));
          if (!blobs.ok()) return blobs.sentence();
          for (int rank = 0; rank < 3; ++rank)
            if (blobs.value()[static_cast<size_t>(rank)].size() != size_of(rank)) return "wrong size";
          return "";
        }) == all_fine(3));
}

TEST_CASE("a blob past the limit is refused without harm to the others") {
  CHECK(as_ranks(open_loopback_root(), 2, [](Exchange& exchange) -> std::string {
          const auto refused =
              exchange.all_gather(std::string(blob_bytes_max + 1, 'x'), Deadline::after_ms(patience_ms));
          if (refused.code() != Code::invalid_argument) return "not refused";
          return gather_rounds(exchange, 1);
        }) == all_fine(2));
}

TEST_CASE("a rank that is done may leave while others still read their blobs") {
  CHECK(as_ranks(open_loopback_root(), 4, [](Exchange& exchange) {
          return gather_rounds(exchange, 1, exchange.rank() == 0 ? 0 : 0) +
                 gather_rounds(exchange, 1, 500'000);
        }) == all_fine(4));
}

TEST_CASE("all ranks of a job know one secret, which is the id's") {
  const UniqueId id = open_loopback_root();
  const std::string expected(id.secret.begin(), id.secret.end());
  CHECK(as_ranks(id, 3, [&](Exchange& exchange) -> std::string {
          return exchange.secret() == expected ? "" : "another secret";
        }) == all_fine(3));
}

TEST_CASE("ranks may come before the root listens") {
  const UniqueId earlier = open_loopback_root();
  // A port that was just free, and that nobody gets as long as we hold it without listening.
  const Address port = [&] {
    const PlainListener listener;
    return listener.address();
  }();
  const UniqueId id{{port}, earlier.secret};
  std::vector<std::string> found;
  std::thread ranks(
      [&] { found = as_ranks(id, 2, [](Exchange& exchange) { return gather_rounds(exchange, 1); }); });
  auto opened = open_root(id.addresses, id.secret);
  ranks.join();
  REQUIRE(opened.ok());
  CHECK(opened.value() == id);
  CHECK(found == all_fine(2));
}

TEST_CASE("a root with default settings is reached by its id") {
  auto id = open_root(Settings{});
  INFO(id.sentence());
  REQUIRE(id.ok());
  const auto travelled = UniqueId::unpack(id.value().pack());
  REQUIRE(travelled.ok());
  CHECK(as_ranks(travelled.value(), 2, [](Exchange& exchange) { return gather_rounds(exchange, 2); }) ==
        all_fine(2));
}

TEST_CASE("a root on an interface listens on that interface alone") {
  Settings settings;
  settings.interface_name = "lo";
  const auto id = open_root(settings);
  REQUIRE(id.ok());
  CHECK(id.value().addresses.front() == loopback(id.value().addresses.front().port));
}

TEST_CASE("a root on an unknown interface is an error that names it") {
  Settings settings;
  settings.interface_name = "nosuch0";
  CHECK_THAT(open_root(settings).sentence(), Contains("nosuch0"));
}

TEST_CASE("a root on a wildcard address is reached through loopback") {
  const auto id = open_root({Address{}, Address{.ipv6 = true}}, random_tag());
  REQUIRE(id.ok());
  CHECK(id.value().addresses.front() == loopback(id.value().addresses.front().port));
  CHECK(as_ranks(id.value(), 2, [](Exchange& exchange) { return gather_rounds(exchange, 1); }) ==
        all_fine(2));
}

TEST_CASE("an address that takes no connections costs a rank no seconds") {
  // A backlog that is full: the system drops what else tries to connect.
  const PlainListener full{0};
  const PlainSocket first{full.address()};
  const UniqueId real = open_loopback_root();
  const UniqueId id{{full.address(), full.address(), real.addresses.front()}, real.secret};
  const int64_t begin = now_ns();
  auto exchange = join(id, 0, 1, Deadline::after_ms(patience_ms));
  CHECK(exchange.ok());
  CHECK(now_ns() - begin < 900'000'000);
}

TEST_CASE("an address where nobody answers costs a rank no seconds") {
  const PlainListener silent;
  const UniqueId real = open_loopback_root();
  const UniqueId id{{silent.address(), real.addresses.front()}, real.secret};
  const int64_t begin = now_ns();
  auto exchange = join(id, 0, 1, Deadline::after_ms(patience_ms));
  CHECK(exchange.ok());
  CHECK(now_ns() - begin < 900'000'000);
}

TEST_CASE("a rank that reaches the root at several addresses comes in once") {
  const auto root = open_root({loopback(), loopback(), loopback(), loopback()}, random_tag());
  REQUIRE(root.ok());
  CHECK(root.value().addresses.size() == 4);
  CHECK(as_ranks(root.value(), 4, [](Exchange& exchange) { return gather_rounds(exchange, 2); }) ==
        all_fine(4));
}

/// The root's end of one connection, played step by step.
class PlayedRoot {
 public:
  PlayedRoot(PlainListener& door, const Tag& secret)
      : rank_(door.accept()), handshake_(secret, random_tag()) {}

  void challenge() { rank_.send(handshake_.challenge(rank_.receive(hello_bytes)).value()); }
  bool is_proved() { return handshake_.check(rank_.receive(proof_bytes)).ok(); }
  void answer(Verdict verdict) { rank_.send(handshake_.verdict(verdict)); }
  void send_failure(const Error& why) {
    const Payload payload{pack(why)};
    FrameSealer sealer{handshake_.keys().to_caller};
    rank_.send(sealer.header(FrameKind::failure, payload) + std::string{payload.bytes()});
  }
  std::string all_that_comes() { return rank_.receive(proof_bytes); }

 private:
  PlainSocket rank_;
  RootHandshake handshake_;
};

TEST_CASE("a rank whose verdict comes along with another address's challenge proves itself once") {
  const Verdict verdict = GENERATE(Verdict::welcome, Verdict::unwelcome);
  PlainListener first_door;
  PlainListener second_door;
  const UniqueId id{{first_door.address(), second_door.address()}, random_tag()};
  bool welcomed = false;
  std::thread rank([&] { welcomed = join(id, 0, 2, Deadline::after_ms(patience_ms)).ok(); });
  PlayedRoot first{first_door, id.secret};
  first.challenge();
  CHECK(first.is_proved());
  PlayedRoot second{second_door, id.secret};
  second.challenge();  // before the verdict, so that it is there when the rank looks at both
  first.answer(verdict);
  if (verdict == Verdict::unwelcome) first.send_failure(fail(Code::invalid_usage, "somebody else is rank 0"));
  rank.join();
  CHECK(welcomed == (verdict == Verdict::welcome));
  CHECK(second.all_that_comes().empty());
}

TEST_CASE("a rank finds its root behind the address of another job's") {
  const UniqueId other = open_loopback_root();
  const UniqueId mine = open_loopback_root();
  const UniqueId id{{other.addresses.front(), mine.addresses.front()}, mine.secret};
  CHECK(as_ranks(id, 2, [](Exchange& exchange) { return gather_rounds(exchange, 1); }) == all_fine(2));
  CHECK(as_ranks(other, 2, [](Exchange& exchange) { return gather_rounds(exchange, 1); }) == all_fine(2));
}

TEST_CASE("several communicators come into being side by side") {
  std::vector<std::thread> jobs;
  std::vector<std::vector<std::string>> found(4);
  for (auto& each : found)
    jobs.emplace_back([&each, id = open_loopback_root()] {
      each = as_ranks(id, 3, [](Exchange& exchange) { return gather_rounds(exchange, 10); });
    });
  for (std::thread& job : jobs) job.join();
  for (const auto& each : found) CHECK(each == all_fine(3));
}

TEST_CASE("a rank that is none of the communicator's is refused before it connects") {
  const UniqueId id = open_loopback_root();
  for (const auto& [rank, size] : {std::pair{-1, 2}, {2, 2}, {0, 0}, {0, 1 << 20}})
    CHECK(join(id, rank, size, Deadline::after_ms(patience_ms)).code() == Code::invalid_argument);
}

TEST_CASE("an unreachable root is named with its address and what the system said") {
  const Address nobody = [] {
    const PlainListener listener;
    return listener.address();
  }();
  auto exchange = join({{nobody}, {}}, 2, 4, Deadline::after_ms(50));
  REQUIRE_FALSE(exchange.ok());
  CHECK(exchange.code() == Code::timeout);
  CHECK_THAT(exchange.sentence(), Contains("rank 2 of 4") && Contains("within 50 ms") &&
                                      Contains(to_string(nobody)) && Contains("Connection refused"));
}

}  // namespace
}  // namespace bccl::test
