/// Any 128 bytes either are refused with a sentence, or are the one way to write the id that they give.
#include "bootstrap/unique_id.h"

#include "bootstrap/root_address.h"
#include "input.h"

using namespace bccl;
using fuzz::require;

namespace {

/// The sum that nearly every mutation breaks would keep the rest of the parser out of reach.
void mend_checksum(std::array<char, unique_id_bytes>& bytes) {
  for (int sum = 0; sum < 256; ++sum) {
    bytes[7] = static_cast<char>(sum);
    if (UniqueId::unpack(bytes).ok()) return;
  }
}

void check(const std::array<char, unique_id_bytes>& bytes) {
  Result<UniqueId> id = UniqueId::unpack(bytes);
  require(id.ok() == id.sentence().empty(), "an error has a sentence");
  if (!id.ok()) return;
  require(id->pack() == bytes, "packing gives the same bytes");
  require(!id->addresses.empty() && id->addresses.size() <= root_addresses_max, "the number of addresses");
  for (const Address& address : id->addresses)
    require(split_address(to_string(address)).ok(), "what is printed is an address");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<char, unique_id_bytes> bytes{};
  fuzz::Input input{data, size};
  std::ranges::copy(input.take(bytes.size()), bytes.begin());
  check(bytes);
  mend_checksum(bytes);
  check(bytes);
  return 0;
}
