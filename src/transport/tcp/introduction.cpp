#include "transport/tcp/introduction.h"

#include "net/packing.h"

namespace bccl::tcp {

std::string Introduction::pack() const {
  return Packer{}
      .u32(static_cast<uint32_t>(from))
      .u32(static_cast<uint32_t>(to))
      .u8(static_cast<uint8_t>(socket))
      .u8(static_cast<uint8_t>(sockets))
      .raw(world)
      .take();
}

Introduction Introduction::unpack(std::string_view body) {
  Unpacker unpacker{body};
  Introduction introduction;
  introduction.from = static_cast<int>(unpacker.u32());
  introduction.to = static_cast<int>(unpacker.u32());
  introduction.socket = unpacker.u8();
  introduction.sockets = unpacker.u8();
  unpacker.raw(introduction.world);
  return introduction;
}

Secret secret_for_tcp(const std::string& secret) { return keyed_hash(hash_of("bccl tcp: secret"), secret); }

}  // namespace bccl::tcp
