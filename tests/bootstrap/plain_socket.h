/// A blocking TCP socket in the hands of someone who is no rank: for strangers, liars and recordings.
#pragma once

#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "bootstrap/unique_id.h"

namespace bccl::test {

class PlainSocket {
 public:
  explicit PlainSocket(const Address& peer);  ///< Connects.
  explicit PlainSocket(FileDescriptor connected);

  void send(std::string_view bytes);
  /// Exactly so many bytes, or those that came before the peer hung up.
  std::string receive(size_t bytes);
  bool hung_up();  ///< Waits until the peer has; false if it did not within patience_ms, or sent something.
  void close() { socket_ = FileDescriptor{}; }

 private:
  FileDescriptor socket_;
};

/// Listens on loopback and does nothing until it is told to.
class PlainListener {
 public:
  explicit PlainListener(int backlog = 16);
  const Address& address() const { return address_; }
  PlainSocket accept();

 private:
  FileDescriptor socket_;
  Address address_;
};

bool somebody_listens_at(const Address& address);

}  // namespace bccl::test
