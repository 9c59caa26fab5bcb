#include "tcp_pair.h"

#include <cerrno>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "system_call.h"

namespace bccl::test {
namespace {

constexpr int patience_s = 60;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address_from(const std::string& text, uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
  } else {
    throw std::invalid_argument(text + " is not an address");
  }
  return address;
}

FileDescriptor open_socket(Host& host, int family, int type) {
  FileDescriptor opened;
  host.network().within(
      [&] { opened = FileDescriptor(must(socket(family, type | SOCK_CLOEXEC, 0), "cannot open a socket")); });
  const timeval patience{patience_s, 0};
  for (int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
    must(setsockopt(opened.get(), SOL_SOCKET, direction, &patience, sizeof patience),
         "cannot limit a socket's waits");
  return opened;
}

uint16_t bind_to(const FileDescriptor& socket, const std::string& text) {
  Address address = address_from(text, 0);
  must(bind(socket.get(), address.any(), address.length), "cannot bind to " + text);
  must(getsockname(socket.get(), address.any(), &address.length), "cannot ask for a port");
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);  // where sin6_port is, too
}

void pass(const FileDescriptor& from, const FileDescriptor& to) {
  char byte = 'x';
  must(static_cast<int>(send(from.get(), &byte, 1, MSG_NOSIGNAL)), "cannot send a byte");
  if (must(static_cast<int>(recv(to.get(), &byte, 1, 0)), "a byte did not come") != 1)
    throw std::runtime_error("a connection ended in place of a byte");
}

}  // namespace

Listener listen_on(Host& host, const std::string& address) {
  Listener listener{open_socket(host, address_from(address, 0).storage.ss_family, SOCK_STREAM), address};
  listener.port = bind_to(listener.socket, address);
  must(listen(listener.socket.get(), 16), "cannot listen");
  return listener;
}

Attempt try_connect(Host& from, const std::string& text, uint16_t port) {
  Address address = address_from(text, port);
  Attempt attempt{open_socket(from, address.storage.ss_family, SOCK_STREAM)};
  const int on = 1;
  must(setsockopt(attempt.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "cannot set TCP_NODELAY");
  if (connect(attempt.socket.get(), address.any(), address.length) != 0) attempt.error_number = errno;
  return attempt;
}

TcpPair connect_hosts(Host& from, Host& to, const std::string& address_of_to) {
  const Listener listener = listen_on(to, address_of_to);
  TcpPair pair;
  Attempt attempt = try_connect(from, address_of_to, listener.port);
  errno = attempt.error_number;
  must(attempt.error_number == 0 ? 0 : -1, "cannot connect " + from.name() + " to " + to.name());
  pair.from = std::move(attempt.socket);
  pair.to = FileDescriptor(
      must(accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC), "nobody connected"));
  const timeval patience{patience_s, 0};
  must(setsockopt(pair.to.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
       "cannot limit a socket's waits");
  return pair;
}

int64_t round_trip_ns(const TcpPair& pair) {
  const int64_t begin = now_ns();
  pass(pair.from, pair.to);
  pass(pair.to, pair.from);
  return now_ns() - begin;
}

double measured_mbit(const TcpPair& pair, size_t bytes) {
  const int64_t begin = now_ns();
  std::thread sender([&] {
    const std::vector<char> block(65536);
    for (size_t sent = 0; sent < bytes;) {
      const ssize_t now =
          send(pair.from.get(), block.data(), std::min(block.size(), bytes - sent), MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<size_t>(now);
    }
  });
  std::vector<char> block(65536);
  size_t received = 0;
  while (received < bytes) {
    const ssize_t now = recv(pair.to.get(), block.data(), block.size(), 0);
    if (now <= 0) break;
    received += static_cast<size_t>(now);
  }
  const double us = static_cast<double>(now_ns() - begin) / 1000;
  sender.join();
  if (received != bytes) throw std::runtime_error("a connection broke");
  return static_cast<double>(bytes) * 8 / us;
}

Datagrams open_datagrams(Host& host, int network) {
  Datagrams datagrams{open_socket(host, AF_INET, SOCK_DGRAM)};
  datagrams.port = bind_to(datagrams.socket, host.address(network));
  return datagrams;
}

void send_number(const Datagrams& from, Host& to, const Datagrams& at, uint32_t number, int network) {
  Address address = address_from(to.address(network), at.port);
  must(static_cast<int>(sendto(from.socket.get(), &number, sizeof number, 0, address.any(), address.length)),
       "cannot send a datagram");
}

uint32_t await_number(const Datagrams& at) {
  uint32_t number = 0;
  if (must(static_cast<int>(recv(at.socket.get(), &number, sizeof number, 0)), "a datagram did not come") !=
      sizeof number)
    throw std::runtime_error("a datagram of another size came");
  return number;
}

std::optional<uint32_t> number_waiting(const Datagrams& at) {
  uint32_t number = 0;
  if (recv(at.socket.get(), &number, sizeof number, MSG_DONTWAIT) != sizeof number) return std::nullopt;
  return number;
}

}  // namespace bccl::test
