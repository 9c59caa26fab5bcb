/// Sockets of the test's own on hosts. Whatever waits gives up after a while; what cannot be done is thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file_descriptor.h"
#include "hosts.h"

namespace bccl::test {

/// A listener on a host, at one of its addresses.
struct Listener {
  FileDescriptor socket;
  std::string address;
  uint16_t port = 0;
};
Listener listen_on(Host& host, const std::string& address);

/// A socket on a host that connects. Its errno is given if it cannot.
struct Attempt {
  FileDescriptor socket;
  int error_number = 0;
};
Attempt try_connect(Host& from, const std::string& address, uint16_t port);

/// Both ends of a TCP connection between hosts.
struct TcpPair {
  FileDescriptor from, to;
};
TcpPair connect_hosts(Host& from, Host& to, const std::string& address_of_to);

/// A byte there and back; how long it took.
int64_t round_trip_ns(const TcpPair& pair);

/// Sends so many bytes one way and returns the rate at which they arrived.
double measured_mbit(const TcpPair& pair, size_t bytes);

/// A datagram socket on a host, at its address on a network.
struct Datagrams {
  FileDescriptor socket;
  uint16_t port = 0;
};
Datagrams open_datagrams(Host& host, int network = 0);
void send_number(const Datagrams& from, Host& to, const Datagrams& at, uint32_t number, int network = 0);
uint32_t await_number(const Datagrams& at);
std::optional<uint32_t> number_waiting(const Datagrams& at);  ///< Without waiting.

}  // namespace bccl::test
