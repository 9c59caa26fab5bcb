// Links that fail, each in its way, and are mended.
#include <set>

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "../support/processes.h"
#include "tcp_pair.h"

namespace bccl::test {
namespace {

/// What a socket's read gives in the end: 0 at the end of the stream, else the error.
int error_of_read(const FileDescriptor& socket) {
  char byte;
  const ssize_t got = recv(socket.get(), &byte, 1, 0);
  return got < 0 ? errno : 0;
}

int tcp_state(const FileDescriptor& socket) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  REQUIRE(getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0);
  return info.tcpi_state;
}

/// Whether none of these datagrams comes that a link is to lose all of; one that is sent when it was mended
/// does.
bool all_lost(Host& from, Host& to, HostLink& link) {
  const Datagrams near = open_datagrams(from), far = open_datagrams(to);
  for (uint32_t number = 1; number <= 20; ++number) send_number(near, to, far, number);
  expect(holds_within_ms(patience_ms, [&] { return link.lost() >= 20; }), "the link lost too little");
  link.heal();
  send_number(near, to, far, 0);
  return await_number(far) == 0;
}

bool all_come(Host& from, Host& to) {
  const Datagrams near = open_datagrams(from), far = open_datagrams(to);
  for (uint32_t number = 1; number <= 20; ++number) send_number(near, to, far, number);
  for (uint32_t number = 1; number <= 20; ++number)
    if (await_number(far) != number) return false;
  return true;
}

/// Hosts that know each other's hardware addresses, so that nothing waits for an answer to the question.
void introduce(Host& one, Host& other) { round_trip_ns(connect_hosts(one, other, other.address())); }

TEST_CASE("A link loses the share of packets that it is told to lose") {
  const bool in_user_space = GENERATE(false, true);
  CAPTURE(in_user_space);
  Hosts hosts{2, in_user_space ? Link{.delay_us = 0} : Link{}};
  introduce(hosts[0], hosts[1]);
  hosts.link(0).set_loss(0.5, Way::from_host);
  const Datagrams near = open_datagrams(hosts[0]), far = open_datagrams(hosts[1]);
  for (uint32_t number = 1; number <= 200; ++number) send_number(near, hosts[1], far, number);
  std::set<uint32_t> came;
  while (!came.contains(0)) {  // which is lost as well as any
    send_number(near, hosts[1], far, 0);
    while (const auto number = number_waiting(far)) came.insert(*number);
  }
  CHECK(came.size() > 50);
  CHECK(came.size() < 150);
}

TEST_CASE("A one-way black hole swallows one way only") {
  const bool in_user_space = GENERATE(false, true);
  CAPTURE(in_user_space);
  Hosts hosts{2, in_user_space ? Link{.delay_us = 0} : Link{}};
  introduce(hosts[0], hosts[1]);
  hosts.link(0).blackhole(Way::from_host);
  CHECK(all_come(hosts[1], hosts[0]));
  CHECK(all_lost(hosts[0], hosts[1], hosts.link(0)));
  hosts.link(0).blackhole(Way::to_host);
  CHECK(all_come(hosts[0], hosts[1]));
  CHECK(all_lost(hosts[1], hosts[0], hosts.link(0)));
}

TEST_CASE("A fault of one network leaves the other alone") {
  Hosts hosts{2, std::vector<Link>(2)};
  const TcpPair other = connect_hosts(hosts[0], hosts[1], hosts[1].address(1));
  const TcpPair broken = connect_hosts(hosts[0], hosts[1], hosts[1].address(0));
  hosts.link(0, 0).reset_connections();
  hosts.link(1, 0).blackhole();
  CHECK(round_trip_ns(other) > 0);
  REQUIRE(send(broken.from.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(error_of_read(broken.from) == ECONNRESET);
}

TEST_CASE("A link that resets connections ends them at both ends and refuses new ones, until it is mended") {
  Hosts hosts{2};
  const TcpPair from_here = connect_hosts(hosts[0], hosts[1], hosts[1].address());
  const TcpPair from_there = connect_hosts(hosts[1], hosts[0], hosts[0].address6());
  const Listener listener = listen_on(hosts[1], hosts[1].address());
  hosts.link(0).reset_connections();
  REQUIRE(send(from_here.from.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(error_of_read(from_here.from) == ECONNRESET);
  REQUIRE(send(from_here.to.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(error_of_read(from_here.to) == ECONNRESET);
  REQUIRE(send(from_there.from.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(error_of_read(from_there.from) == ECONNRESET);
  CHECK(try_connect(hosts[0], listener.address, listener.port).error_number == ECONNREFUSED);
  hosts.link(0).heal();
  CHECK(try_connect(hosts[0], listener.address, listener.port).error_number == 0);
}

TEST_CASE("A device that is down carries nothing, up again, connections go on, over IPv6, too") {
  const bool in_user_space = GENERATE(false, true);
  CAPTURE(in_user_space);
  Hosts hosts{2, in_user_space ? Link{.delay_us = 0} : Link{}};
  const TcpPair v4 = connect_hosts(hosts[0], hosts[1], hosts[1].address());
  const TcpPair v6 = connect_hosts(hosts[0], hosts[1], hosts[1].address6());
  hosts.link(0).down();
  CHECK(try_connect(hosts[0], hosts[1].address(), 1).error_number == ENETUNREACH);
  REQUIRE(send(v4.to.get(), "x", 1, MSG_NOSIGNAL) == 1);  // it will be sent again
  hosts.link(0).up();
  char byte;
  CHECK(recv(v4.from.get(), &byte, 1, 0) == 1);
  CHECK(round_trip_ns(v4) > 0);
  CHECK(round_trip_ns(v6) > 0);
}

TEST_CASE("A host that was cut off runs on, and is heard again when it is mended") {
  Hosts hosts{3};
  const TcpPair pair = connect_hosts(hosts[0], hosts[2], hosts[2].address());
  hosts[2].cut();
  CHECK(hosts[2].run({"true"}).end().status == 0);
  CHECK(round_trip_ns(connect_hosts(hosts[0], hosts[1], hosts[1].address())) > 0);
  CHECK(all_lost(hosts[0], hosts[2], hosts.link(2)));
  CHECK(round_trip_ns(pair) > 0);
}

/// A program on the host that is connected to a listener and says so.
Started connected_to(Host& host, const Listener& listener) {
  Started program = host.run({"bash", "-c",
                              fmt::format("exec 3<>/dev/tcp/{}/{} && echo connected && exec sleep 1000",
                                          listener.address, listener.port)});
  program.await_output("connected");
  return program;
}

FileDescriptor accepted_by(const Listener& listener) {
  FileDescriptor accepted(accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted.valid());
  return accepted;
}

TEST_CASE("Of a host whose processes are killed the peers hear, of one that lost its power they do not") {
  const bool power_off = GENERATE(false, true);
  CAPTURE(power_off);
  Hosts hosts{2};
  const Listener listener = listen_on(hosts[0], hosts[0].address());
  Started program = connected_to(hosts[1], listener);
  const FileDescriptor accepted = accepted_by(listener);
  power_off ? hosts[1].power_off() : hosts[1].kill_all();
  CHECK(program.end().status == 128 + SIGKILL);
  if (power_off)
    CHECK(tcp_state(accepted) == TCP_ESTABLISHED);
  else
    CHECK(holds_within_ms(patience_ms, [&] { return tcp_state(accepted) != TCP_ESTABLISHED; }));
  CHECK_THROWS_WITH(hosts[1].run({"true"}), Catch::Contains("cannot start a program on host1"));
}

}  // namespace
}  // namespace bccl::test
