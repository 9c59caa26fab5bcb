#include "bootstrap/unique_id.h"

#include <catch2/catch.hpp>

#include "ranks.h"

namespace bccl::test {
namespace {

UniqueId sample(int addresses) {
  UniqueId id;
  for (int i = 0; i < addresses; ++i) {
    Address address = loopback(static_cast<uint16_t>(40000 + i));
    if (i % 2 == 1) address = {.ipv6 = true, .bytes = {0xfe, 0x80, 0, 1, 2, 3}, .port = 41000, .scope = 7};
    id.addresses.push_back(address);
  }
  for (size_t i = 0; i < secret_bytes; ++i) id.secret[i] = static_cast<uint8_t>(3 * i + 1);
  return id;
}

bool is_refused(std::array<char, unique_id_bytes> bytes) {
  const auto id = UniqueId::unpack(bytes);
  if (!id.ok()) CHECK(id.code() == Code::invalid_argument);
  return !id.ok();
}

TEST_CASE("an id that was packed is unpacked the same, whatever its number of addresses") {
  const int addresses = GENERATE(range(1, root_addresses_max + 1));
  const UniqueId id = sample(addresses);
  const auto unpacked = UniqueId::unpack(id.pack());
  REQUIRE(unpacked.ok());
  CHECK(unpacked.value() == id);
}

TEST_CASE("zeros, and bytes of somebody else, are no id") {
  CHECK(is_refused({}));
  std::array<char, unique_id_bytes> other;
  other.fill('x');
  CHECK(is_refused(other));
}

TEST_CASE("an id with any one byte changed is refused") {
  const auto bytes = sample(3).pack();
  for (size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    CHECK(is_refused(changed));
  }
}

TEST_CASE("an id that was copied as a C string is refused") {
  auto bytes = sample(2).pack();
  const auto end = std::find(bytes.begin(), bytes.end(), '\0');
  std::fill(end, bytes.end(), '\0');
  CHECK(is_refused(bytes));
}

TEST_CASE("an id without an address is refused") { CHECK(is_refused(sample(0).pack())); }

TEST_CASE("an id of another version names both versions") {
  auto bytes = sample(1).pack();
  bytes[4] = 9;
  CHECK_THAT(UniqueId::unpack(bytes).sentence(),
             Catch::Contains("version 9") && Catch::Contains("version 1"));
}

}  // namespace
}  // namespace bccl::test
