#include "transport/tcp/routes.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

using namespace tcp;

InterfaceAddress v4(const char* name, uint8_t net, uint8_t host, uint32_t speed = 0) {
  return {.interface_name = name, .address = {.bytes = {10, net, 0, host}, .port = 1}, .prefix_bits = 24, .speed_mbps = speed};
}
InterfaceAddress v6(const char* name, uint8_t net, uint8_t host, uint32_t speed = 0) {
  InterfaceAddress it{.interface_name = name, .address = {.ipv6 = true, .bytes = {0xfd, net}, .port = 1}, .prefix_bits = 64, .speed_mbps = speed};
  it.address.bytes[15] = host;
  return it;
}
const InterfaceAddress lo{.interface_name = "lo", .address = {.bytes = {127, 0, 0, 1}}, .is_loopback = true, .prefix_bits = 8};

using Addresses = std::vector<Address>;

TEST_CASE("networks are shared by prefix, within one family") {
  CHECK(share_network(v4("a", 1, 1), v4("b", 1, 2)));
  CHECK_FALSE(share_network(v4("a", 1, 1), v4("b", 2, 1)));
  CHECK_FALSE(share_network(v4("a", 1, 1), v6("b", 1, 1)));
  InterfaceAddress wide = v4("a", 0, 1);
  wide.prefix_bits = 15;  // 10.0.0.0 … 10.1.255.255
  CHECK(share_network(wide, v4("b", 1, 2)));
  CHECK_FALSE(share_network(wide, v4("b", 2, 2)));
  wide.prefix_bits = 0;
  CHECK_FALSE(share_network(wide, v4("b", 1, 2)));
}

TEST_CASE("an address in a network of ours comes before others, and is the only one used at once") {
  const auto routes = routes_to(std::vector{lo, v4("e", 2, 1)}, std::vector{lo, v4("e", 1, 9), v4("f", 2, 9)}, false, false);
  CHECK(routes.addresses == Addresses{v4("f", 2, 9).address, v4("e", 1, 9).address});
  CHECK(routes.rails == 1);
}

TEST_CASE("of shared networks the fastest is used, and several if they are equally fast") {
  const std::vector mine{v4("m", 1, 1, 1000), v4("i", 2, 1, 100'000), v4("j", 3, 1, 100'000)};
  const std::vector theirs{v4("m", 1, 2, 1000), v4("i", 2, 2, 100'000), v4("j", 3, 2, 100'000)};
  const auto routes = routes_to(mine, theirs, false, false);
  CHECK(routes.addresses == Addresses{theirs[1].address, theirs[2].address, theirs[0].address});
  CHECK(routes.rails == 2);
  CHECK(routes_to(mine, theirs, false, true).rails == 3);  // the user named them: whatever their speed
}

TEST_CASE("two addresses of one interface are one way") {
  const auto routes = routes_to(std::vector{v4("e", 1, 1), v6("e", 1, 1)}, std::vector{v6("e", 1, 2), v4("e", 1, 2)}, false, false);
  CHECK(routes.rails == 1);
  CHECK(routes.addresses == Addresses{v4("e", 1, 2).address, v6("e", 1, 2).address});
}

TEST_CASE("loopback is of use on one machine only, and best there") {
  CHECK(routes_to(std::vector{lo}, std::vector{lo}, false, false).addresses.empty());
  const auto routes = routes_to(std::vector{v4("e", 1, 1), lo}, std::vector{v4("e", 1, 1), lo}, true, false);
  CHECK(routes.addresses == Addresses{lo.address, v4("e", 1, 1).address});
  CHECK(routes.rails == 1);
}

TEST_CASE("an address that is also ours leads nowhere else") {
  const auto routes = routes_to(std::vector{v4("docker0", 17, 1), v4("e", 1, 1)},
                                std::vector{v4("docker0", 17, 1), v4("e", 1, 2)}, false, false);
  CHECK(routes.addresses == Addresses{v4("e", 1, 2).address});
}

TEST_CASE("link-local addresses are not called") {
  InterfaceAddress local = v6("e", 0, 2);
  local.address.bytes[0] = 0xfe;
  local.address.bytes[1] = 0x80;
  CHECK(routes_to(std::vector{local}, std::vector{local}, false, false).addresses.empty());
}

TEST_CASE("where no network is shared, the kernel's routes decide, one at a time") {
  const auto routes = routes_to(std::vector{v4("e", 1, 1)}, std::vector{v6("e", 5, 1, 10), v4("e", 5, 1, 10), v4("f", 6, 1, 25)}, false, true);
  CHECK(routes.addresses == Addresses{v4("f", 6, 1).address, v4("e", 5, 1).address, v6("e", 5, 1).address});
  CHECK(routes.rails == 1);
}

}  // namespace
}  // namespace bccl::test
