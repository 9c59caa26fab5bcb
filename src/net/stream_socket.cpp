#include "net/stream_socket.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>

#include "base/system_limit.h"

namespace bccl {
namespace {

constexpr int listen_backlog = 4096;  // the kernel cuts it to net.core.somaxconn

Result<FileDescriptor> open_stream(const Address& address) {
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

/// Before it connects or listens: how much a socket can announce is settled then. The kernel cuts what it does not allow.
void set_buffers(int socket, size_t bytes) {
  if (bytes == 0) return;
  const int size = static_cast<int>(std::min<size_t>(bytes, INT_MAX / 2));
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

Transfer outcome_of(ssize_t transferred) {
  if (transferred >= 0) return {static_cast<size_t>(transferred)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {0, true, errno};
}

}  // namespace

Result<Listener> listen_at(const Address& address, size_t buffer_bytes) {
  FileDescriptor socket = BCCL_TRY(open_stream(address));
  set_buffers(socket.get(), buffer_bytes);
  const int on = 1;
  // Reuse: connections of an earlier listener that are still closing must not block the next one on a fixed port.
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (address.ipv6 && setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0))
    return fail_errno(errno, "cannot set up a socket to listen on");

  KernelAddress where{address};
  if (bind(socket.get(), where.get(), where.bytes) != 0 || listen(socket.get(), listen_backlog) != 0) {
    const int reason = errno;
    Error error = fail_errno(reason, fmt::format("cannot listen on {}", to_string(address)));
    if (reason == EADDRNOTAVAIL || reason == ENODEV) {
      error.code = Code::invalid_argument;
      error.sentence += "; it is no address of this host";
    }
    return error;
  }
  const Address bound = BCCL_TRY(local_address(socket.get()));
  return Listener{std::move(socket), bound};
}

Result<Address> local_address(int socket) {
  KernelAddress where;
  if (getsockname(socket, where.get(), &where.bytes) != 0)
    return fail_errno(errno, "cannot ask which address a socket has");
  const std::optional<Address> address = address_from(where.get());
  return address ? Result<Address>(*address) : fail(Code::system_error, "a socket has an address that is none of IP");
}

Result<FileDescriptor> start_connecting(const Address& address, size_t buffer_bytes) {
  FileDescriptor socket = BCCL_TRY(open_stream(address));
  set_buffers(socket.get(), buffer_bytes);
  send_at_once(socket.get());
  KernelAddress where{address};
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
  KernelAddress from;
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

Transfer read_some(int socket, std::span<const iovec> into) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(into.data());
  message.msg_iovlen = into.size();
  const ssize_t bytes =
      into.size() == 1 ? recv(socket, into[0].iov_base, into[0].iov_len, MSG_DONTWAIT) : recvmsg(socket, &message, MSG_DONTWAIT);
  return bytes == 0 ? Transfer{0, true, 0} : outcome_of(bytes);
}

Transfer write_some(int socket, std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return outcome_of(from.size() == 1 ? ::send(socket, from[0].iov_base, from[0].iov_len, flags)
                                     : sendmsg(socket, &message, flags));
}

void hang_up(FileDescriptor& socket) {
  if (socket.valid()) shutdown(socket.get(), SHUT_RDWR);
  socket = FileDescriptor{};
}

}  // namespace bccl
