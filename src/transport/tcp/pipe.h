/// One authenticated socket to a peer: a stream of bytes in each direction, encrypted or not. Never blocks.
#pragma once

#include <memory>
#include <span>

#include <sys/uio.h>

#include "base/file_descriptor.h"
#include "net/stream_socket.h"

namespace bccl::tcp {

class Cipher;

class Pipe {
 public:
  Pipe(FileDescriptor socket, std::unique_ptr<Cipher> cipher);  ///< No cipher: bytes travel as they are.
  Pipe(Pipe&&) noexcept;
  ~Pipe();

  int socket() const { return socket_.get(); }

  /// One attempt; fewer bytes than offered, and than a bite where it bites: no more now.
  Transfer send(std::span<const iovec> from);
  Transfer receive(std::span<const iovec> into);

  size_t bite_bytes() const;  ///< One send() takes no more than that.

  /// What was taken by send() and has not left yet (a cipher sends whole records).
  bool holds_back() const;

  void hang_up();  ///< For every process that has inherited the socket, too.

 private:
  FileDescriptor socket_;
  std::unique_ptr<Cipher> cipher_;
};

}  // namespace bccl::tcp
