/// Packets of a local SOCK_SEQPACKET socket: some bytes, and descriptors that travel with them. All sockets
/// here are non-blocking and close-on-exec; waiting has a deadline. Set-up only.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace bccl {

inline constexpr size_t packet_bytes_max = 256;
inline constexpr size_t packet_descriptors_max = 250;  ///< The kernel takes 253 at most.

struct Packet {
  std::string bytes;
  std::vector<FileDescriptor> descriptors;
};

Result<FileDescriptor> open_local_socket();
/// Binds to an abstract name (nothing appears in the file system, nothing outlives the socket) and listens.
Result<FileDescriptor> listen_locally(const std::string& name);
/// Whether anybody listens there; connects if there is room for one more caller. A refusal (refusal.h) if not.
Status reach_locally(int socket, const std::string& name);
/// Unless it is connected already. remote_error: nobody listens there.
Status connect_locally(int socket, const std::string& name, Deadline deadline);

/// What has come, or nothing yet. remote_error: the other side has closed the connection or broken the
/// protocol. Descriptors beyond those asked for are refused, as an error.
Result<std::optional<Packet>> try_receive_packet(int socket, size_t descriptors_max);
Result<Packet> receive_packet(int socket, size_t descriptors_max, Deadline deadline);
Status send_packet(int socket, std::string_view bytes, std::span<const int> descriptors, Deadline deadline);

/// A plain struct as a packet, and back: empty unless the size is right.
template <class T>
std::string_view bytes_of_struct(const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= packet_bytes_max);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
template <class T>
std::optional<T> struct_in(const Packet& packet) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (packet.bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, packet.bytes.data(), sizeof value);
  return value;
}

/// Any number of descriptors, in as many packets as it takes.
Status send_descriptors(int socket, std::span<const int> descriptors, Deadline deadline);
Result<std::vector<FileDescriptor>> receive_descriptors(int socket, size_t count, Deadline deadline);

}  // namespace bccl
