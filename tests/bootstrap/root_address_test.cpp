#include "bootstrap/root_address.h"

#include <catch2/catch.hpp>

#include "bootstrap/unique_id.h"
#include "ranks.h"

namespace bccl::test {
namespace {

TEST_CASE("an address that was written is read the same") {
  Address v6{.ipv6 = true, .bytes = {0x20, 0x01, 0x0d, 0xb8, 5, 6}, .port = 65535};
  for (const Address& address : {loopback(1), v6}) {
    const auto parsed = parse_address(to_string(address));
    REQUIRE(parsed.ok());
    CHECK(parsed.value() == std::vector{address});
  }
}

TEST_CASE("a host name is resolved") {
  const auto parsed = parse_address("localhost:4000");
  REQUIRE(parsed.ok());
  for (const Address& address : parsed.value()) CHECK(address.port == 4000);
}

TEST_CASE("what is no address is refused with an example of one") {
  for (const char* text : {"", ":", "host", "host:", ":4000", "host:0", "host:65536", "host:-1", "host:4000x",
                           "::1:4000", "[::1]", "[]:4000", "[::1:4000", "a:b:4000", "[[::1]]:4000", "[a[b]:4000", "[*]:4000"}) {
    CAPTURE(text);
    const auto address = parse_address(text);
    CHECK(address.code() == Code::invalid_argument);
    CHECK_THAT(address.sentence(), Catch::Contains("write host:port"));
  }
}

TEST_CASE("numbers that are no address are not looked up as a name") {
  for (const char* text : {"1.2.3.4.5:4000", "999.0.0.1:4000", "[::zz]:4000", "[localhost]:4000"}) {
    CAPTURE(text);
    CHECK(parse_address(text).code() == Code::invalid_argument);
  }
}

}  // namespace
}  // namespace bccl::test
