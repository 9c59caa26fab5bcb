#include "bootstrap/unique_id.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

#include "net/packing.h"

namespace bccl {
namespace {

// Layout: magic[4] version count families checksum, then root_addresses_max × {bytes[16] port scope}, then
// the secret. `families` has a bit for each address that is IPv6. What is not used is zero, so that equal ids
// have equal bytes.
constexpr std::string_view id_magic = "BCid";
constexpr uint8_t id_version = 1;
constexpr size_t checksum_at = 7;
constexpr size_t address_bytes = 16 + 2 + 4;
static_assert(id_magic.size() + 4 + root_addresses_max * address_bytes + secret_bytes == unique_id_bytes);

/// Tells an id that was cut short or mangled on its way (a C string copy, say) from one with a wrong secret.
uint8_t checksum(std::string_view bytes) {
  uint8_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (i != checksum_at) sum = static_cast<uint8_t>(sum * 31 + static_cast<uint8_t>(bytes[i]));
  return sum;
}

Address unpack_address(Unpacker& unpacker, bool ipv6) {
  Address address;
  address.ipv6 = ipv6;
  unpacker.raw(address.bytes);
  address.port = unpacker.u16();
  address.scope = unpacker.u32();
  return address;
}

bool well_formed(const Address& address) {
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  return address.port != 0 &&
         (address.ipv6 ||
          (address.scope == 0 && std::all_of(address.bytes.begin() + 4, address.bytes.end(), is_zero)));
}

}  // namespace

std::array<char, unique_id_bytes> UniqueId::pack() const {
  Packer packer;
  const size_t count = std::min<size_t>(addresses.size(), root_addresses_max);
  uint8_t families = 0;
  for (size_t i = 0; i < count; ++i) families |= static_cast<uint8_t>(addresses[i].ipv6 << i);
  packer.raw(id_magic).u8(id_version).u8(static_cast<uint8_t>(count)).u8(families).u8(0);
  for (size_t i = 0; i < count; ++i)
    packer.raw(addresses[i].bytes).u16(addresses[i].port).u32(addresses[i].scope);
  packer.zeros((root_addresses_max - count) * address_bytes).raw(secret);

  std::string bytes = packer.take();
  bytes[checksum_at] = static_cast<char>(checksum(bytes));
  std::array<char, unique_id_bytes> id;
  std::ranges::copy(bytes, id.begin());
  return id;
}

Result<UniqueId> UniqueId::unpack(const std::array<char, unique_id_bytes>& bytes) {
  const std::string_view text{bytes.data(), bytes.size()};
  Unpacker unpacker{text};
  if (unpacker.raw(id_magic.size()) != id_magic)
    return fail(Code::invalid_argument,
                "these 128 bytes are not a unique id of bccl: pass the id of rank 0 unchanged");
  if (const int version = unpacker.u8(); version != id_version)
    return fail(Code::invalid_argument,
                "the unique id has version {}, this library reads version {}: use the same bccl on all ranks",
                version, id_version);
  const uint8_t count = unpacker.u8();
  const uint8_t families = unpacker.u8();
  const bool intact = unpacker.u8() == checksum(text);

  UniqueId id;
  for (int i = 0; i < std::min<int>(count, root_addresses_max); ++i)
    id.addresses.push_back(unpack_address(unpacker, (families >> i & 1) != 0));
  unpacker.skip((root_addresses_max - id.addresses.size()) * address_bytes);
  unpacker.raw(id.secret);
  // Packing again finds every other deviation: too many addresses, stray bits, bytes that should be zero.
  if (!intact || id.addresses.empty() || !std::ranges::all_of(id.addresses, well_formed) ||
      id.pack() != bytes)
    return fail(Code::invalid_argument, "the unique id is damaged: pass all 128 bytes of it unchanged");
  return id;
}

}  // namespace bccl
