#include "transport/tcp/facts.h"

#include <fstream>

#include <sys/stat.h>

#include "net/packing.h"
#include "transport/tcp/frame.h"

namespace bccl::tcp {
namespace {

constexpr size_t text_bytes_max = 1024;

void put(Packer& packer, std::string_view text) {
  text = text.substr(0, text_bytes_max);
  packer.u16(static_cast<uint16_t>(text.size())).raw(text);
}
std::string text_from(Unpacker& unpacker) { return std::string{unpacker.raw(unpacker.u16())}; }

void put(Packer& packer, const InterfaceAddress& door) {
  packer.u8(door.address.ipv6).raw(door.address.bytes).u16(door.address.port).u32(door.address.scope);
  packer.u8(static_cast<uint8_t>(door.prefix_bits)).u8(door.is_loopback).u32(door.speed_mbps);
  put(packer, door.interface_name);
}

InterfaceAddress door_from(Unpacker& unpacker) {
  InterfaceAddress door;
  door.address.ipv6 = unpacker.u8() != 0;
  unpacker.raw(door.address.bytes);
  door.address.port = unpacker.u16();
  door.address.scope = unpacker.u32();
  door.prefix_bits = std::min<int>(unpacker.u8(), door.address.ipv6 ? 128 : 32);
  door.is_loopback = unpacker.u8() != 0;
  door.speed_mbps = unpacker.u32();
  door.interface_name = text_from(unpacker);
  return door;
}

}  // namespace

std::string Facts::pack() const {
  Packer packer;
  for (const std::string& text : {terms, host, machine, failure}) put(packer, text);
  packer.u32(failure_code).u8(static_cast<uint8_t>(std::min(doors.size(), doors_max)));
  for (size_t i = 0; i < std::min(doors.size(), doors_max); ++i) put(packer, doors[i]);
  return packer.take();
}

Result<Facts> Facts::unpack(std::string_view bytes) {
  Unpacker unpacker{bytes};
  Facts facts;
  for (std::string* text : {&facts.terms, &facts.host, &facts.machine, &facts.failure}) *text = text_from(unpacker);
  facts.failure_code = unpacker.u32();
  const size_t doors = std::min<size_t>(unpacker.u8(), doors_max);
  for (size_t i = 0; i < doors; ++i) facts.doors.push_back(door_from(unpacker));
  if (!unpacker.ok() || !unpacker.at_end())
    return fail(Code::invalid_usage, "its facts about TCP cannot be read: use the same bccl on all ranks");
  return facts;
}

std::string terms_of(const Options& options) {
  return fmt::format("TCP wire version {}, BCCL_TCP_SOCKETS={}, BCCL_TCP_SLICE_BYTES={}, BCCL_TCP_ENCRYPTION={}{}",
                     wire_version, options.sockets, options.slot_bytes, options.encryption ? "on" : "off",
                     fmt::format(", {} lanes of {} slices", options.lanes, options.slices_max));
}

std::string this_machine_id() {
  std::string boot;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot;
  struct stat network {};
  if (stat("/proc/self/ns/net", &network) != 0) return {};
  return fmt::format("{}/{}", boot, network.st_ino);
}

Result<Gathered> gather(Exchange& exchange, const Facts& mine, Deadline deadline) {
  const std::vector<std::string> blobs = BCCL_TRY(exchange.all_gather(mine.pack(), deadline));
  Gathered gathered;
  Packer world;
  for (size_t rank = 0; rank < blobs.size(); ++rank) {
    Result<Facts> facts = Facts::unpack(blobs[rank]);
    if (!facts.ok()) return fail(facts.code(), "rank {}: {}", rank, facts.sentence());
    gathered.facts.push_back(std::move(*facts));
    world.u32(static_cast<uint32_t>(blobs[rank].size())).raw(blobs[rank]);
  }
  const Facts& first = gathered.facts.front();
  for (size_t rank = 0; rank < blobs.size(); ++rank) {
    const Facts& each = gathered.facts[rank];
    if (each.failure_code != 0)
      return fail(error_code_from(each.failure_code), "rank {} (host {}): {}", rank, each.host, each.failure);
    if (each.terms != first.terms)
      return fail(Code::invalid_usage, "ranks differ: rank 0 has {}; rank {} (host {}) has {}; make them equal",
                  first.terms, rank, each.host, each.terms);
  }
  gathered.world = hash_of(world.take());
  return gathered;
}

}  // namespace bccl::tcp
