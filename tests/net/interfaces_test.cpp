#include "net/interfaces.h"

#include <algorithm>

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

Address v4(uint8_t last) { return {.bytes = {10, 0, 0, last}}; }
Address v6(uint8_t first, uint8_t second) { return {.ipv6 = true, .bytes = {first, second, 7}}; }

const InterfaceAddress lo4{"lo", {.bytes = {127, 0, 0, 1}}, true};
const InterfaceAddress lo6{
    "lo", {.ipv6 = true, .bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, true};
const InterfaceAddress eth4{"eth0", v4(1)};
const InterfaceAddress eth6{"eth0", v6(0xfd, 0)};
const InterfaceAddress eth6_local{"eth0", v6(0xfe, 0x80)};
const InterfaceAddress ib4{"ib0", v4(2)};

TEST_CASE("addresses that others reach come before loopback, and IPv4 before IPv6") {
  const auto chosen = choose_addresses({lo6, lo4, eth6, eth4}, "", 8);
  REQUIRE(chosen.ok());
  CHECK(chosen.value() == std::vector{eth4.address, eth6.address, lo4.address, lo6.address});
}

TEST_CASE("link-local addresses come after all that mean the same on every host") {
  const auto chosen = choose_addresses({eth6_local, lo4, eth4, eth6}, "", 8);
  REQUIRE(chosen.ok());
  CHECK(chosen.value() == std::vector{eth4.address, eth6.address, eth6_local.address, lo4.address});
}

TEST_CASE("no more addresses are chosen than are wanted") {
  const auto chosen = choose_addresses({lo4, lo6, eth4, eth6, ib4}, "", 4);
  REQUIRE(chosen.ok());
  CHECK(chosen.value() == std::vector{eth4.address, ib4.address, eth6.address, lo4.address});
}

TEST_CASE("an interface that was asked for is the only one used") {
  const auto chosen = choose_addresses({lo4, eth4, ib4, eth6}, "ib0", 8);
  REQUIRE(chosen.ok());
  CHECK(chosen.value() == std::vector{ib4.address});
}

TEST_CASE("interfaces are named by list, beginning, exactly, or by exclusion") {
  const std::vector all{lo4, eth4, ib4, eth6};
  const auto names = [&](const char* wish) {
    std::string chosen;
    const auto selected = select_interfaces(all, wish).value();
    for (const InterfaceAddress& each : selected) chosen += each.interface_name + " ";
    return chosen;
  };
  CHECK(names("") == "lo eth0 ib0 eth0 ");
  CHECK(names("eth") == "eth0 eth0 ");
  CHECK(names("ib,lo") == "lo ib0 ");
  CHECK(names("=ib0,eth") == "ib0 ");
  CHECK(names("^lo,eth") == "ib0 ");
  CHECK(names("^=eth0") == "lo ib0 ");
  CHECK(names(",ib0,") == "ib0 ");
  for (const char* nothing : {"=eth", "^lo,ib,eth", ","}) CHECK_FALSE(select_interfaces(all, nothing).ok());
}

TEST_CASE("an interface that does not exist is an error that names those that do") {
  const auto chosen = choose_addresses({lo4, eth4, ib4}, "ib1", 8);
  CHECK(chosen.code() == Code::invalid_argument);
  CHECK_THAT(chosen.sentence(),
             Catch::Contains("BCCL_SOCKET_IFNAME=\"ib1\"") && Catch::Contains("eth0, ib0, lo"));
}

TEST_CASE("this host has at least one address to listen on") {
  const auto all = interface_addresses();
  REQUIRE(all.ok());
  CHECK_FALSE(all.value().empty());
}

TEST_CASE("loopback and addresses of other hosts hang at no NUMA node") {
  CHECK(numa_node_of(lo4.address) == -1);
  CHECK(numa_node_of({.bytes = {203, 0, 113, 7}}) == -1);
}

}  // namespace
}  // namespace bccl::test
