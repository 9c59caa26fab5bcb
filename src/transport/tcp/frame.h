/// What travels on an authenticated data connection. Socket 0 of a pair of ranks carries frames, one after another:
/// a header, and what of the payload goes by socket 0. The other parts of a slice that is striped follow each other
/// on the other sockets without any header, in the order of the headers on socket 0. So that socket alone decides
/// all orders, and a receiver knows of every byte where it belongs before it reads it.
///
/// Padding lets the payload of a large slice on socket 0 begin at a multiple of 64 bytes of the stream. The kernel stores
/// the stream in pages, and copies between aligned places up to a fifth faster.
///
/// A value; little-endian on the wire.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bccl::tcp {

inline constexpr uint16_t wire_version = 2;
inline constexpr int sockets_max = 15;  ///< Of a pair of ranks.

enum class FrameKind : uint8_t {
  slice = 1,    ///< A slice of `lane`; also returns `credits`.
  credit = 2,   ///< `credits` slices of `lane` have been released. No payload.
  goodbye = 3,  ///< The sender closes on purpose; nothing follows.
};

inline constexpr size_t header_bytes = 16;
inline constexpr size_t line_bytes = 64;
inline constexpr size_t padding_bytes_max = line_bytes - 1;
inline constexpr size_t large_bytes = 32 << 10;  ///< Slices worth padding, and a read of their own.
using HeaderBytes = std::array<std::byte, header_bytes>;

struct Header {
  FrameKind kind = FrameKind::slice;
  uint8_t padding = 0;  ///< Bytes between this header and the payload that follows it: 0 … padding_bytes_max.
  uint8_t lane = 0;
  uint8_t credits = 0;  ///< Slices of the other direction of `lane` that the sender of this frame has released.
  uint8_t first = 0;    ///< The socket that the first part goes by: 0 … 15 …
  uint8_t parts = 1;    ///< … of so many: 1 … 15. The next ones go by the sockets after it, round robin.
  uint32_t bytes = 0;
  uint32_t signature = 0;
  uint32_t sequence = 0;  ///< Of the slice on its lane, from 0: found to be wrong if the two sides ever disagree.

  HeaderBytes pack() const;
  static Header unpack(const std::byte* bytes);
  bool operator==(const Header&) const = default;
};

/// Of a header that begins at this byte of the stream of socket 0.
constexpr size_t padding_after(uint64_t stream_bytes, size_t payload_bytes) {
  return payload_bytes < large_bytes ? 0 : static_cast<size_t>(-(stream_bytes + header_bytes) % line_bytes);
}

/// The bytes of every part but the last, which takes what is left (never more; none is empty).
constexpr size_t part_bytes(size_t bytes, int parts) {
  const size_t even = (bytes + static_cast<size_t>(parts) - 1) / static_cast<size_t>(parts);
  return (even + line_bytes - 1) / line_bytes * line_bytes;
}

}  // namespace bccl::tcp
