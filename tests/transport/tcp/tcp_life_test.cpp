// Peers that die, fall silent or leave, with real processes and a real network that goes down.
#include <catch2/catch.hpp>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../../support/processes.h"
#include "../tcp_group.h"
#include "transport/tcp/endpoint.h"

namespace bccl::test {
namespace {

constexpr int64_t detection_ms = 1'000;
constexpr int64_t leeway_ms = 20'000;  // for machines with other things to do

tcp::Options quick_detection() {
  tcp::Options options = small_tcp();
  options.detection_ms = detection_ms;
  return options;
}

std::unique_ptr<tcp::TcpEndpoint> open(Exchange& exchange) {
  std::vector<int> peers;
  for (int peer = 0; peer < exchange.size(); ++peer)
    if (peer != exchange.rank()) peers.push_back(peer);
  auto endpoint = tcp::TcpEndpoint::open(exchange, peers, quick_detection(), Deadline::after_ms(patience_ms));
  expect(endpoint.ok(), endpoint.sentence());
  return std::move(endpoint).value();
}

std::string error_within(Endpoint& endpoint, int64_t ms) {
  std::string sentence;
  holds_within_ms(ms, [&] {
    sentence = endpoint.poll().sentence();
    return !sentence.empty();
  });
  return sentence;
}

void expect_words(const std::string& sentence, std::initializer_list<const char*> words) {
  for (const char* word : words) expect(sentence.find(word) != std::string::npos, sentence + " | lacks: " + word);
}

struct Stages {
  Milestone opened;
};

TEST_CASE("the death of a peer's process is an error that names it") {
  Shared<Stages> stages;
  Processes ranks(3, [&](Exchange& exchange) {
    const auto endpoint = open(exchange);
    stages->opened.reach();
    stages->opened.await(3);
    if (exchange.rank() == 1) raise(SIGKILL);
    expect_words(error_within(*endpoint, leeway_ms), {"rank 1 (host ", "127.0.0.1", "its process has ended"});
  });
  CHECK(ranks.end_of(1) == "rank 1 was killed by signal 9");
  CHECK(ranks.ends() == "");
}

TEST_CASE("a peer that leaves is no error to those that want nothing of it") {
  Shared<Stages> stages;
  Processes ranks(2, [&](Exchange& exchange) {
    auto endpoint = open(exchange);
    stages->opened.reach();
    stages->opened.await(2);
    if (exchange.rank() == 1) return;  // the endpoint says goodbye
    Receiver& receiver = *endpoint->receiver(1, 0).value();
    for (int round = 0; round < 2'000; ++round) expect(endpoint->poll().ok(), endpoint->poll().sentence());
    expect(holds_within_ms(leeway_ms, [&] {
             static_cast<void>(receiver.try_peek());
             return !endpoint->poll().ok();
           }),
           "asked in vain, and nobody said so");
    expect_words(endpoint->poll().sentence(), {"rank 1 (host ", "has left the communicator"});
  });
  CHECK(ranks.ends() == "");
}

TEST_CASE("a stopped peer is late, not dead") {
  Shared<Stages> stages;
  Processes ranks(2, [&](Exchange& exchange) {
    const auto endpoint = open(exchange);
    stages->opened.reach();
    if (exchange.rank() == 1) {
      for (;;) pause();
    }
    // More than the sockets hold, so that the peer's host says again and again that it has no room.
    const int peer = 1;
    for (int lane = 0; lane < endpoint->lanes(); ++lane) {
      Sender& sender = *endpoint->sender({&peer, 1}, lane).value();
      while (sender.try_acquire(endpoint->slice_bytes_max()) != nullptr) sender.commit(endpoint->slice_bytes_max(), 1);
    }
    const std::string error = error_within(*endpoint, 3 * detection_ms);
    expect(error.empty(), error);
    _exit(0);
  });
  CHECK(ranks.end_of(0) == "");
}

void set_loopback(bool up) {
  const FileDescriptor any{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  expect(ioctl(any.get(), SIOCGIFFLAGS, &request) == 0, "cannot ask for the flags of lo");
  if (up)
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  else
    request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
  expect(ioctl(any.get(), SIOCSIFFLAGS, &request) == 0, "cannot set the flags of lo");
}

TEST_CASE("a network that falls silent is an error that names the peer and the setting") {
  struct Permission {
    std::atomic<bool> denied;
  };
  Shared<Permission> permission;
  Processes host(1, [&](Exchange&) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      permission->denied = true;
      return;
    }
    set_loopback(true);
    Endpoints group = make_tcp_group(2, quick_detection());
    for (int round = 0; round < 100; ++round) expect(group[0]->poll().ok(), group[0]->poll().sentence());
    set_loopback(false);
    const Deadline bound = Deadline::after_ms(leeway_ms);
    expect_words(error_within(*group[0], leeway_ms), {"rank 1 (host ", "has not been heard of", "BCCL_DETECTION"});
    expect(!bound.passed(), "it took too long");
    _exit(0);
  });
  CHECK(host.end_of(0) == "");
  if (permission->denied) WARN("not allowed to make a network of its own: nothing was tested");
}

}  // namespace
}  // namespace bccl::test
