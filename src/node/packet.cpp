#include "node/packet.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/system_limit.h"
#include "node/refusal.h"

namespace bccl {
namespace {

constexpr size_t control_bytes_max = CMSG_SPACE(sizeof(int) * packet_descriptors_max);
constexpr std::string_view descriptors_follow = "descriptors";

struct AbstractAddress {
  sockaddr_un address{};
  socklen_t bytes = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

AbstractAddress abstract_address(const std::string& name) {
  AbstractAddress result;
  result.address.sun_family = AF_UNIX;  // sun_path begins with a zero byte: that makes it abstract
  const size_t bytes = std::min(name.size(), sizeof result.address.sun_path - 1);
  std::memcpy(result.address.sun_path + 1, name.data(), bytes);
  result.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + bytes);
  return result;
}

Status wait_for(int socket, short events, Deadline deadline) {
  pollfd wanted{socket, events, 0};
  for (;;) {
    const int found = poll(&wanted, 1, static_cast<int>(deadline.left_ms()));
    if (found > 0) return {};
    if (found < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for a local socket");
    if (deadline.passed()) return fail(Code::timeout, "no answer within {} ms", deadline.budget_ms());
  }
}

/// For what will change without any sign that could be waited for.
void pause_shortly(Deadline deadline) {
  poll(nullptr, 0, static_cast<int>(std::min<int64_t>(1, deadline.left_ms())));
}

std::vector<FileDescriptor> take_descriptors(msghdr& message) {
  std::vector<FileDescriptor> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(part), numbers.size() * sizeof(int));
    for (const int number : numbers) descriptors.emplace_back(number);
  }
  return descriptors;
}

}  // namespace

Result<FileDescriptor> open_local_socket() {
  FileDescriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket.valid()) return fail_sharing(errno, "cannot open a local socket");
  return socket;
}

Result<FileDescriptor> listen_locally(const std::string& name) {
  FileDescriptor socket = BCCL_TRY(open_local_socket());
  const AbstractAddress address = abstract_address(name);
  if (bind(socket.get(), address.get(), address.bytes) != 0 || listen(socket.get(), SOMAXCONN) != 0)
    return fail_sharing(errno, "cannot listen on a local socket");
  return socket;
}

Status reach_locally(int socket, const std::string& name) {
  const AbstractAddress address = abstract_address(name);
  while (connect(socket, address.get(), address.bytes) != 0)
    if (errno != EINTR)  // EAGAIN: the queue of callers is full, so somebody listens
      return errno == EAGAIN ? Status{} : fail_sharing(errno, "cannot reach the leader's local socket");
  return {};
}

Status connect_locally(int socket, const std::string& name, Deadline deadline) {
  const AbstractAddress address = abstract_address(name);
  while (connect(socket, address.get(), address.bytes) != 0) {
    if (errno == EISCONN) return {};
    if (errno == ECONNREFUSED) return fail(Code::remote_error, "nobody listens on the local socket any more");
    // EAGAIN: the queue of callers is full, and a local socket cannot be polled for room in it.
    if (errno != EAGAIN && errno != EINTR) return fail_sharing(errno, "cannot connect to a local socket");
    if (deadline.passed()) return fail(Code::timeout, "no connection within {} ms", deadline.budget_ms());
    pause_shortly(deadline);
  }
  return {};
}

Result<std::optional<Packet>> try_receive_packet(int socket, size_t descriptors_max) {
  char bytes[packet_bytes_max];
  alignas(cmsghdr) char control[control_bytes_max];
  iovec where{bytes, sizeof bytes};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control =
      descriptors_max > 0 ? control : nullptr;  // none: the kernel drops what a stranger attaches
  message.msg_controllen = descriptors_max > 0 ? CMSG_SPACE(sizeof(int) * descriptors_max) : 0;
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::optional<Packet>{};
  if (got < 0)
    return fail(Code::remote_error, "the connection is broken: {}", fail_errno(errno, "recvmsg").sentence);
  Packet packet{std::string(bytes, static_cast<size_t>(got)), take_descriptors(message)};
  if (got == 0) return fail(Code::remote_error, "the connection was closed");
  if ((message.msg_flags & MSG_CTRUNC) != 0 && descriptors_max > 0)
    return fail_limit(EMFILE, "cannot take the descriptors of a node's ranks");
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || packet.descriptors.size() > descriptors_max)
    return fail(Code::remote_error, "an oversized packet came");
  return std::optional<Packet>{std::move(packet)};
}

Result<Packet> receive_packet(int socket, size_t descriptors_max, Deadline deadline) {
  for (;;) {
    std::optional<Packet> packet = BCCL_TRY(try_receive_packet(socket, descriptors_max));
    if (packet) return std::move(*packet);
    BCCL_TRY(wait_for(socket, POLLIN, deadline));
  }
}

Status send_packet(int socket, std::string_view bytes, std::span<const int> descriptors, Deadline deadline) {
  alignas(cmsghdr) char control[control_bytes_max] = {};
  iovec what{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &what;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return fail(Code::remote_error, "the connection was closed");
    // ETOOMANYREFS: others have not taken theirs yet; there is nothing to poll for that.
    if (errno != EAGAIN && errno != ETOOMANYREFS) return fail_limit(errno, "cannot send on a local socket");
    if (deadline.passed())
      return fail_limit(errno, fmt::format("cannot send within {} ms", deadline.budget_ms()));
    if (errno == ETOOMANYREFS)
      pause_shortly(deadline);
    else
      BCCL_TRY(wait_for(socket, POLLOUT, deadline));
  }
  return {};
}

Status send_descriptors(int socket, std::span<const int> descriptors, Deadline deadline) {
  for (size_t first = 0; first < descriptors.size(); first += packet_descriptors_max) {
    const size_t count = std::min(packet_descriptors_max, descriptors.size() - first);
    BCCL_TRY(send_packet(socket, descriptors_follow, descriptors.subspan(first, count), deadline));
  }
  return {};
}

Result<std::vector<FileDescriptor>> receive_descriptors(int socket, size_t count, Deadline deadline) {
  std::vector<FileDescriptor> all;
  while (all.size() < count) {
    Packet packet =
        BCCL_TRY(receive_packet(socket, std::min(packet_descriptors_max, count - all.size()), deadline));
    if (packet.descriptors.empty()) return fail(Code::remote_error, "a packet came without descriptors");
    for (FileDescriptor& one : packet.descriptors) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace bccl
