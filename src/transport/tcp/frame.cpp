#include "transport/tcp/frame.h"

#include <bit>
#include <cstring>

namespace bccl::tcp {
namespace {

/// Both ends copy words as they lie in memory.
static_assert(std::endian::native == std::endian::little);

struct Layout {
  uint8_t kind;  ///< kind | padding << 2
  uint8_t lane;
  uint8_t credits;
  uint8_t stripes;  ///< first | parts << 4
  uint32_t bytes;
  uint32_t signature;
  uint32_t sequence;
};
static_assert(sizeof(Layout) == header_bytes);

}  // namespace

HeaderBytes Header::pack() const {
  const Layout layout{static_cast<uint8_t>(static_cast<uint8_t>(kind) | padding << 2), lane,      credits, static_cast<uint8_t>(first | parts << 4),
                      bytes,                      signature, sequence};
  HeaderBytes packed;
  std::memcpy(packed.data(), &layout, sizeof layout);
  return packed;
}

Header Header::unpack(const std::byte* from) {
  Layout layout;
  std::memcpy(&layout, from, sizeof layout);
  return {.kind = static_cast<FrameKind>(layout.kind & 3),
          .padding = static_cast<uint8_t>(layout.kind >> 2),
          .lane = layout.lane,
          .credits = layout.credits,
          .first = static_cast<uint8_t>(layout.stripes & 15),
          .parts = static_cast<uint8_t>(layout.stripes >> 4),
          .bytes = layout.bytes,
          .signature = layout.signature,
          .sequence = layout.sequence};
}

}  // namespace bccl::tcp
