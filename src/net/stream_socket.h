/// The few things that are done with TCP sockets. Nothing here blocks; all descriptors are
/// close-on-exec; nothing raises SIGPIPE.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/uio.h>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "net/address.h"

namespace bccl {

struct Listener {
  FileDescriptor socket;
  Address address;  ///< With the port that was chosen where port 0 was asked for.
};
/// invalid_argument: not an address of this host.
/// `buffer_bytes`: of the kernel's buffers, each way, of what connects to it; 0: as the kernel sees fit.
Result<Listener> listen_at(const Address& address, size_t buffer_bytes = 0);
Result<Address> local_address(int socket);

/// Starts to connect; the socket turns writable when that has worked or failed (see connect_error).
Result<FileDescriptor> start_connecting(const Address& address, size_t buffer_bytes = 0);
int connect_error(int socket);  ///< errno of a finished connect, 0 if it worked.

struct Accepted {
  FileDescriptor socket;
  std::string from;  ///< "192.0.2.7:41234", for messages.
};
struct AcceptOutcome {
  std::optional<Accepted> connection;
  int error =
      0;  ///< errno where there is no connection: EAGAIN if nobody waits, EMFILE if descriptors ran out …
};
AcceptOutcome accept_from(int listener);

/// One attempt to read or write; zero bytes without `gone` means "not now".
struct Transfer {
  size_t bytes = 0;
  bool gone = false;  ///< The peer has closed (error 0), or the connection broke.
  int error = 0;
};
Transfer read_some(int socket, std::span<char> into);
Transfer write_some(int socket, std::string_view first, std::string_view second = {});
/// The same from and into several places, one after another.
Transfer read_some(int socket, std::span<const iovec> into);
Transfer write_some(int socket, std::span<const iovec> from);

/// Closes for every process that has inherited the descriptor, too: a forked child must not keep the peer
/// waiting.
void hang_up(FileDescriptor& socket);

}  // namespace bccl
