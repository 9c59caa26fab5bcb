#include "bootstrap/stream_socket.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

constexpr int listen_backlog = 4096;  // the kernel cuts it to net.core.somaxconn

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const RootAddress& address) {
  SocketAddress result;
  if (address.ipv6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = address.scope;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.bytes = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.bytes = sizeof v4;
  }
  return result;
}

Result<FileDescriptor> open_stream(const RootAddress& address) {
  FileDescriptor socket{
      ::socket(address.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (socket.valid()) return socket;
  const int reason = errno;
  Error error = fail_limit(reason, fmt::format("cannot open a socket for {}", to_string(address)));
  if (reason == EAFNOSUPPORT) error.code = Code::invalid_argument;
  return error;
}

/// Small messages that wait for each other must not wait for Nagle's algorithm too. Failure costs time only.
void send_at_once(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Transfer outcome_of(ssize_t transferred) {
  if (transferred >= 0) return {static_cast<size_t>(transferred)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {0, true, errno};
}

}  // namespace

std::optional<RootAddress> address_from(const sockaddr* address) {
  RootAddress result;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    result.port = ntohs(v4.sin_port);
    std::memcpy(result.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return result;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    result.ipv6 = true;
    result.port = ntohs(v6.sin6_port);
    result.scope = v6.sin6_scope_id;
    std::memcpy(result.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    return result;
  }
  return std::nullopt;
}

Result<Listener> listen_at(const RootAddress& address) {
  FileDescriptor socket = BCCL_TRY(open_stream(address));
  const int on = 1;
  // Reuse: connections of an earlier root that are still closing must not block the next one on a fixed port.
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (address.ipv6 && setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0))
    return fail_errno(errno, "cannot set up the root's socket");

  SocketAddress where = socket_address(address);
  if (bind(socket.get(), where.get(), where.bytes) != 0 || listen(socket.get(), listen_backlog) != 0) {
    const int reason = errno;
    Error error = fail_errno(reason, fmt::format("cannot listen on {}", to_string(address)));
    if (reason == EADDRNOTAVAIL || reason == ENODEV) {
      error.code = Code::invalid_argument;
      error.sentence +=
          "; it is no address of this host: give one of rank 0's host in BCCL_COMM_ID (or MASTER_ADDR)";
    }
    if (reason == EADDRINUSE) error.sentence += "; give another port in BCCL_COMM_ID";
    return error;
  }
  where.bytes = sizeof where.storage;
  if (getsockname(socket.get(), where.get(), &where.bytes) != 0)
    return fail_errno(errno, "cannot ask for the root's port");
  return Listener{std::move(socket), *address_from(where.get())};
}

Result<FileDescriptor> start_connecting(const RootAddress& address) {
  FileDescriptor socket = BCCL_TRY(open_stream(address));
  send_at_once(socket.get());
  SocketAddress where = socket_address(address);
  if (connect(socket.get(), where.get(), where.bytes) != 0 && errno != EINPROGRESS && errno != EINTR)
    return fail_limit(errno, "cannot connect");
  return socket;
}

int connect_error(int socket) {
  int error = 0;
  socklen_t bytes = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

AcceptOutcome accept_from(int listener) {
  SocketAddress from;
  from.bytes = sizeof from.storage;
  FileDescriptor socket{accept4(listener, from.get(), &from.bytes, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket.valid()) {
    // Without a descriptor left it fails even if nobody has come.
    const int reason = errno;
    pollfd door{listener, POLLIN, 0};
    return {std::nullopt, poll(&door, 1, 0) == 0 ? EAGAIN : reason};
  }
  send_at_once(socket.get());
  const auto address = address_from(from.get());
  return {Accepted{std::move(socket), address ? to_string(*address) : "an unknown address"}, 0};
}

Transfer read_some(int socket, std::span<char> into) {
  const ssize_t bytes = recv(socket, into.data(), into.size(), MSG_DONTWAIT);
  return bytes == 0 && !into.empty() ? Transfer{0, true, 0} : outcome_of(bytes);
}

Transfer write_some(int socket, std::string_view first, std::string_view second) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return outcome_of(sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void hang_up(FileDescriptor& socket) {
  if (socket.valid()) shutdown(socket.get(), SHUT_RDWR);
  socket = FileDescriptor{};
}

}  // namespace bccl
