// Links as they are built: what passes, how fast, how late.
#include <catch2/catch.hpp>

#include "tcp_pair.h"

namespace bccl::test {
namespace {

constexpr size_t mebibyte = size_t{1} << 20;

TEST_CASE("TCP passes between hosts, over IPv4 and IPv6, on wires of both kinds and every network") {
  const bool in_user_space = GENERATE(false, true);
  CAPTURE(in_user_space);
  const Link link = in_user_space ? Link{.delay_us = 0} : Link{};
  Hosts hosts{3, std::vector<Link>{link, link}};
  for (int network : {0, 1})
    for (const std::string& address : {hosts[2].address(network), hosts[2].address6(network)}) {
      CAPTURE(address);
      const TcpPair pair = connect_hosts(hosts[1], hosts[2], address);
      CHECK(round_trip_ns(pair) > 0);
      CHECK(measured_mbit(pair, mebibyte) > 0);
    }
}

TEST_CASE("A link carries no more than its rate, which may change") {
  const bool in_user_space = GENERATE(false, true);
  CAPTURE(in_user_space);
  Hosts hosts{2, in_user_space ? Link{.rate_mbit = 100, .delay_us = 0} : Link{.rate_mbit = 100}};
  const TcpPair pair = connect_hosts(hosts[0], hosts[1], hosts[1].address());
  const double limited = measured_mbit(pair, 2 * mebibyte);
  hosts.link(1).set_rate_mbit(20);
  const double slower = measured_mbit(pair, mebibyte / 2);
  for (int host : {0, 1}) hosts.link(host).set_rate_mbit(0);
  const double unlimited = measured_mbit(pair, 8 * mebibyte);
  CAPTURE(limited, slower, unlimited);
  CHECK(limited < 200);
  CHECK(slower < 50);
  CHECK(unlimited > limited);
}

TEST_CASE("A link delays every packet, by as much as it is told") {
  Hosts hosts{2, Link{.delay_us = 1000}};
  const TcpPair pair = connect_hosts(hosts[0], hosts[1], hosts[1].address());
  CHECK(round_trip_ns(pair) >= 4'000'000);  // over two links, there and back
  hosts.link(0).set_delay_us(10'000);
  CHECK(round_trip_ns(pair) >= 22'000'000);
}

TEST_CASE("Jitter adds to the delay and reorders nothing") {
  Hosts hosts{2, Link{.delay_us = 100, .jitter_us = 2000}};
  const Datagrams from = open_datagrams(hosts[0]), to = open_datagrams(hosts[1]);
  for (uint32_t number = 0; number < 50; ++number) {
    send_number(from, hosts[1], to, number);
    if (number == 0) CHECK(await_number(to) == 0);  // now the hosts know each other's hardware addresses
  }
  for (uint32_t number = 1; number < 50; ++number) CHECK(await_number(to) == number);
}

TEST_CASE("The delay of a wire in the kernel cannot be changed") {
  Hosts hosts{1};
  CHECK_THROWS_WITH(hosts.link(0).set_delay_us(5), Catch::Contains("build it with a delay"));
}

}  // namespace
}  // namespace bccl::test
