#include "net/address.h"

#include <catch2/catch.hpp>

namespace bccl::test {
namespace {

TEST_CASE("an IPv4 address is written as people write it") {
  CHECK(to_string(Address{.bytes = {127, 0, 0, 1}, .port = 4000}) == "127.0.0.1:4000");
}

TEST_CASE("an IPv6 address is written in brackets, with its scope if it has one") {
  Address address{.ipv6 = true, .bytes = {0xfe, 0x80}, .port = 4000};
  address.bytes[15] = 1;
  CHECK(to_string(address) == "[fe80::1]:4000");
  address.scope = 2;
  CHECK(to_string(address) == "[fe80::1%2]:4000");
}

TEST_CASE("an address comes back from the kernel's form as it went in") {
  Address v6{.ipv6 = true, .bytes = {0xfe, 0x80, 3, 4}, .port = 65535, .scope = 7};
  for (const Address& address : {Address{.bytes = {192, 0, 2, 7}, .port = 1}, v6})
    CHECK(address_from(KernelAddress{address}.get()) == address);
}

TEST_CASE("a family other than IPv4 and IPv6 is no address") {
  KernelAddress none;
  CHECK_FALSE(address_from(none.get()));
}

}  // namespace
}  // namespace bccl::test
