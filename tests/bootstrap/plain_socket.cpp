#include "plain_socket.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "ranks.h"

namespace bccl::test {
namespace {

sockaddr_in socket_address(const Address& address) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(address.port);
  std::memcpy(&where.sin_addr, address.bytes.data(), sizeof where.sin_addr);
  return where;
}

int connect_to(const Address& address, const FileDescriptor& socket) {
  const sockaddr_in where = socket_address(address);
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where);
}

void be_patient(const FileDescriptor& socket) {
  const timeval limit{patience_ms / 1000, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

FileDescriptor stream() { return FileDescriptor{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}; }

}  // namespace

PlainSocket::PlainSocket(const Address& peer) : socket_(stream()) {
  if (connect_to(peer, socket_) != 0) throw std::runtime_error("cannot connect to " + to_string(peer));
  be_patient(socket_);
}

PlainSocket::PlainSocket(FileDescriptor connected) : socket_(std::move(connected)) { be_patient(socket_); }

void PlainSocket::send(std::string_view bytes) {
  // That the peer may have hung up is for the receiver to find out.
  static_cast<void>(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

std::string PlainSocket::receive(size_t bytes) {
  std::string received(bytes, '\0');
  const ssize_t count = recv(socket_.get(), received.data(), bytes, MSG_WAITALL);
  received.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return received;
}

bool PlainSocket::hung_up() {
  char byte;
  const ssize_t count = recv(socket_.get(), &byte, 1, 0);
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

PlainListener::PlainListener(int backlog) : socket_(stream()), address_(loopback()) {
  sockaddr_in where = socket_address(address_);
  socklen_t bytes = sizeof where;
  if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&where), bytes) != 0 ||
      listen(socket_.get(), backlog) != 0 ||
      getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&where), &bytes) != 0)
    throw std::runtime_error("cannot listen on loopback");
  address_.port = ntohs(where.sin_port);
}

PlainSocket PlainListener::accept() {
  return PlainSocket{FileDescriptor{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)}};
}

bool somebody_listens_at(const Address& address) {
  const FileDescriptor socket = stream();
  return connect_to(address, socket) == 0;
}

}  // namespace bccl::test
