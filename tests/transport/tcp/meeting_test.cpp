// How pairs of ranks get their sockets: over loopback, among liars and strangers.
#include <deque>
#include <functional>
#include <numeric>

#include <catch2/catch.hpp>

#include "../../bootstrap/plain_socket.h"
#include "../../support/rank_threads.h"
#include "../tcp_group.h"
#include "bootstrap/rendezvous.h"
#include "transport/tcp/endpoint.h"
#include "transport/tcp/introduction.h"

namespace bccl::test {
namespace {

using Catch::Contains;
using tcp::Options;
using tcp::TcpEndpoint;

/// An exchange that lies about the secret, or lets others in on what was gathered.
class Bent final : public Exchange {
 public:
  using Hook = std::function<void(const std::vector<std::string>&)>;
  Bent(Exchange& inner, std::string secret, Hook hook) : inner_(inner), secret_(std::move(secret)), hook_(std::move(hook)) {}

  int rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  const std::string& secret() const override { return secret_.empty() ? inner_.secret() : secret_; }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override {
    auto all = inner_.all_gather(mine, deadline);
    if (all.ok() && hook_) hook_(*all);
    return all;
  }
  Status check() override { return inner_.check(); }

 private:
  Exchange& inner_;
  const std::string secret_;
  const Hook hook_;
};

struct Rank {
  Options options = small_tcp();
  std::string secret = {};
  Bent::Hook hook = {};
  std::vector<int> peers = {};
  int64_t budget_ms = 30'000;
};

/// Opens an endpoint for each rank; what came of it, in words, and the endpoints that came.
struct Opened {
  std::vector<std::string> errors;
  std::vector<std::unique_ptr<TcpEndpoint>> endpoints;

  explicit Opened(size_t ranks) : errors(ranks), endpoints(ranks) {}
  Opened(Opened&&) = default;
  ~Opened() {
    on_ranks(static_cast<int>(endpoints.size()), [this](int rank) { endpoints[static_cast<size_t>(rank)].reset(); });
  }
};

Opened open_all(std::vector<Rank> ranks) {
  const int count = static_cast<int>(ranks.size());
  auto exchanges = local_exchanges(count);
  Opened opened{ranks.size()};
  on_ranks(count, [&](int me) {
    const auto at = static_cast<size_t>(me);
    Rank& rank = ranks[at];
    if (rank.peers.empty())
      for (int peer = 0; peer < count; ++peer)
        if (peer != me) rank.peers.push_back(peer);
    Bent exchange{*exchanges[at], rank.secret, rank.hook};
    auto endpoint = TcpEndpoint::open(exchange, rank.peers, rank.options, Deadline::after_ms(rank.budget_ms));
    if (endpoint.ok())
      opened.endpoints[at] = std::move(endpoint).value();
    else
      opened.errors[at] = endpoint.sentence();
    exchanges[at].reset();
  });
  return opened;
}

/// Whether a slice gets from one to the other.
bool carries(TcpEndpoint& from, TcpEndpoint& to, int from_rank, int to_rank) {
  Sender& sender = *from.sender({&to_rank, 1}, 0).value();
  Receiver& receiver = *to.receiver(from_rank, 0).value();
  std::byte* memory = sender.try_acquire(5000);
  if (memory == nullptr) return false;
  memory[4999] = std::byte{42};
  sender.commit(5000, 7);
  const Deadline deadline = Deadline::after_ms(20'000);
  while (receiver.try_peek().data == nullptr) {
    if (deadline.passed() || !from.poll().ok() || !to.poll().ok()) return false;
  }
  const bool same = receiver.try_peek().data[4999] == std::byte{42};
  receiver.release();
  return same;
}

TEST_CASE("strangers who are silent, talk nonsense or know another secret delay nobody") {
  std::deque<PlainSocket> strangers;
  const auto crowd = [&](const std::vector<std::string>& blobs) {
    const tcp::Facts facts = tcp::Facts::unpack(blobs[1]).value();
    for (const InterfaceAddress& door : facts.doors) {
      if (door.address.ipv6) continue;
      for (int i = 0; i < 100; ++i) strangers.emplace_back(door.address);
      strangers.emplace_back(door.address).send("GET / HTTP/1.1\r\n\r\n");
      strangers.emplace_back(door.address).send(std::string(10'000, '\xff'));
      CallerHandshake liar{tcp::protocol, Secret{}, Nonce{}};
      strangers.emplace_back(door.address).send(liar.hello(tcp::Introduction{0, 1, 0, 4, Tag{}}.pack()));
    }
  };
  Rank victim;
  victim.hook = crowd;
  Opened opened = open_all({Rank{}, victim});
  CHECK(opened.errors == std::vector<std::string>(2));
  REQUIRE((opened.endpoints[0] && opened.endpoints[1]));
  CHECK(carries(*opened.endpoints[0], *opened.endpoints[1], 0, 1));
  CHECK(carries(*opened.endpoints[1], *opened.endpoints[0], 1, 0));
}

TEST_CASE("a peer with another secret is not let in, and is told so") {
  Rank liar;
  liar.secret = "the secret of another communicator";
  liar.budget_ms = 700;
  Rank honest;
  honest.budget_ms = 700;
  const Opened opened = open_all({liar, honest});
  CHECK_THAT(opened.errors[0], Contains("rank 0 (host ") && Contains("rank 1 (host ") && Contains("127.0.0.1") &&
                                   Contains("another secret") && Contains("BCCL_SOCKET_IFNAME"));
  CHECK_THAT(opened.errors[1], Contains("rank 1 (host ") && Contains("rank 0"));
}

TEST_CASE("a rank that is not among the peers is not let in") {
  Rank caller;
  caller.budget_ms = 500;
  caller.peers = {1, 2};
  Rank only_two;
  only_two.peers = {2};
  Rank both;
  both.peers = {0, 1};
  const Opened opened = open_all({caller, only_two, both});
  CHECK_THAT(opened.errors[0], Contains("cannot reach rank 1"));
  CHECK(opened.errors[1].empty());
}

TEST_CASE("ranks whose settings differ get an error that names the difference") {
  Rank other;
  other.options.sockets = 2;
  const Opened opened = open_all({Rank{}, Rank{}, other});
  for (const std::string& error : opened.errors)
    CHECK_THAT(error, Contains("rank 0 has") && Contains("BCCL_TCP_SOCKETS=3") && Contains("rank 2 (host ") &&
                          Contains("BCCL_TCP_SOCKETS=2"));
}

TEST_CASE("a rank that has not the interface asked for is an error on all ranks that names it") {
  Rank other;
  other.options.interfaces = "no-such-interface";
  const Opened opened = open_all({Rank{}, other});
  for (const std::string& error : opened.errors)
    CHECK_THAT(error, Contains("rank 1 (host ") && Contains("BCCL_SOCKET_IFNAME=\"no-such-interface\"") && Contains("lo"));
}

TEST_CASE("IPv6 carries slices, too") {
  const auto all = interface_addresses();
  REQUIRE(all.ok());
  const auto is_v6_loopback = [](const InterfaceAddress& each) { return each.is_loopback && each.address.ipv6; };
  if (std::ranges::none_of(all.value(), is_v6_loopback)) {
    WARN("this machine's loopback has no IPv6 address");
    return;
  }
  Rank v6;
  v6.options.family = 6;
  Opened opened = open_all({v6, v6});
  CHECK(opened.errors == std::vector<std::string>(2));
  REQUIRE((opened.endpoints[0] && opened.endpoints[1]));
  CHECK(carries(*opened.endpoints[0], *opened.endpoints[1], 0, 1));
}

TEST_CASE("without a forced interface a peer on this machine is found") {
  Rank free;
  free.options.interfaces = "";
  Opened opened = open_all({free, free});
  CHECK(opened.errors == std::vector<std::string>(2));
  REQUIRE((opened.endpoints[0] && opened.endpoints[1]));
  CHECK(carries(*opened.endpoints[0], *opened.endpoints[1], 0, 1));
}

TEST_CASE("facts that were cut or changed are refused or read, never more") {
  tcp::Facts facts{.terms = "terms", .host = "h", .machine = "m"};
  facts.doors.push_back({.interface_name = "eth0", .address = {.bytes = {10, 0, 0, 1}, .port = 4000}, .prefix_bits = 24, .speed_mbps = 10});
  const std::string packed = facts.pack();
  REQUIRE(tcp::Facts::unpack(packed).ok());
  CHECK(tcp::Facts::unpack(packed).value() == facts);
  for (size_t bytes = 0; bytes < packed.size(); ++bytes) CHECK_FALSE(tcp::Facts::unpack(packed.substr(0, bytes)).ok());
}

}  // namespace
}  // namespace bccl::test
